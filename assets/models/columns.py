"""Columns of what this room keeps, for the asset graph."""

ADAPTER_COLUMNS = {
    "adapter_model.safetensors": ("tensors", "LoRA's weights, float32"),
    "head.safetensors": ("tensors", "what stands on the encoder, float32"),
    "settings.json": (
        "json",
        "base model with its hash, dataset version, classes or kinds, windows, training settings",
    ),
    "curves.json": ("json", "loss by step, validation by epoch, the best epoch"),
}
SERVED_COLUMNS = {
    "served/encoder.onnx": ("onnx", "base model and adapter in one, in eight bits where that decides alike"),
    "served/served.json": ("json", "form, SHA-256, and how often it decides as the adapter does"),
}
EVALUATION_COLUMNS = {
    "metrics.json": ("json", "scores with intervals, baseline, champion, counterfactuals, privacy, gates"),
    "calibration.json": ("json", "temperature, and the threshold below which the model abstains"),
    "plots": ("png", "confusion matrix, calibration, abstention, comparison"),
}
ARTIFACT_COLUMNS = {
    "manifest.json": ("json", "every file's SHA-256 and size; its own hash is the version"),
    "signature.json": ("json", "the signature over the manifest"),
    "model_card.md": ("markdown", "what the model is for, what it is not for, and what was measured"),
    "bill_of_materials.json": ("cyclonedx", "base model, dataset and libraries"),
}
COMPARISON_COLUMNS = {
    "nearest labelled resumes": (
        "figures",
        "quality, latency, cost of an update, what explains an answer: without training",
    ),
    "trained classifier": ("figures", "the same of the champion, or of the newest candidate"),
}
CHAMPION_COLUMNS = {
    "version": ("string", "the model that is served"),
    "decision": ("integer", "the recorded decision that made it so"),
}
