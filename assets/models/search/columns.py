"""What an adapter's folder holds, for the asset graph."""

ADAPTER_COLUMNS = {
    "adapter_model.safetensors": ("tensors", "LoRA's weights, float32"),
    "adapter_config.json": ("json", "LoRA's settings"),
    "settings.json": ("json", "the model below it with its hash, hashes of the questions, training settings"),
    "curves.json": ("json", "loss by step, validation by epoch, the best epoch"),
}
