"""The columns of what this room publishes, as Dagster's page shows them."""

SNAPSHOT_COLUMNS = {
    "text_hash": ("string", "hash of the anonymized, normalized text; the resume's name in the dataset"),
    "opening_hash": ("string", "hash of the normalized opening; for `match`"),
    "label": ("string", "in the task's canonical form"),
    "group_id": ("string", "the group of near-duplicates, named by its smallest text hash"),
    "split": ("string", "train, validation or test; a group is in one of them"),
    "text_sha256": ("string", "hash of the anonymized text to the letter, by which the stored text is verified"),
    "opening_sha256": ("string", "hash of the opening to the letter; for `match`"),
}

LEAK_COLUMNS = {
    "split": ("string", "rows dealt out at random, or groups of near-duplicates kept together"),
    "accuracy": ("float", "of words and pairs of words with linear support vectors, over five folds"),
    "low": ("float", "the accuracy's lower bound, with 95 % certainty"),
    "high": ("float", "its upper bound"),
    "macro F1": ("float", "the mean over the classes, each counting the same"),
    "rows": ("int", "rows that were judged"),
    "different resumes": ("int", "among them"),
}

ANONYMIZING_COLUMNS = {
    "kind": ("string", "what is personal: a name, an address, ..."),
    "items": ("int", "how many of them the synthetic resumes hold"),
    "recall": ("float", "the share of items of which every letter and digit was masked"),
    "masked": ("int", "spans that were masked as this kind"),
    "precision": ("float", "the share of masked spans that are something personal"),
}
