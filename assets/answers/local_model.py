"""A generator that runs a transformers model on this machine."""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assets.answers import prompting
from assets.answers.model import Draft, GeneratorUnavailable, Piece

_LONGEST_PROMPT = 3_000


class LocalModel:
    """A causal language model from a folder, a GGUF file, or one that Hugging Face's cache holds; loaded at its first draft.

    Nothing is downloaded and no code of the model's is run.
    """

    name = "local"

    def __init__(self, model: str) -> None:
        self._model = model
        self._loaded: tuple[Any, Any] | None = None
        self._lock = threading.Lock()
        self.settings: Mapping[str, str | int | float] = {"model": Path(model).name, "tokens": prompting.LONGEST_REPLY}

    def draft(self, question: str, evidence: Sequence[Piece]) -> list[Draft]:
        """Raises GeneratorUnavailable."""
        return prompting.drafts(self._written(question, evidence), evidence)

    def _written(self, question: str, evidence: Sequence[Piece]) -> str:
        with self._lock:
            tokenizer, model = self._loaded or self._load()
            import torch

            asked = prompting.request(question, evidence)
            if getattr(tokenizer, "chat_template", None):
                turns = [{"role": "user", "content": f"{prompting.INSTRUCTION}\n\n{asked}"}]
                text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
                inputs = tokenizer(text, return_tensors="pt", add_special_tokens=False)
            else:
                inputs = tokenizer(f"{prompting.INSTRUCTION}\n\n{asked}", return_tensors="pt")
            # The question stands at the end; of too long a prompt the first passages are cut, not the question.
            ids = inputs["input_ids"][:, -_LONGEST_PROMPT:]
            with torch.inference_mode():
                written = model.generate(
                    ids,
                    attention_mask=torch.ones_like(ids),
                    max_new_tokens=prompting.LONGEST_REPLY,
                    do_sample=False,
                    pad_token_id=tokenizer.eos_token_id,
                )
        reply: str = tokenizer.decode(written[0, ids.shape[1] :], skip_special_tokens=True)
        # A base model goes on with questions of its own.
        return reply.split("\nQuestion:")[0].split("\nPassages:")[0]

    def _load(self) -> tuple[Any, Any]:
        path = Path(self._model)
        if (path.is_absolute() or path.suffix == ".gguf") and not path.exists():
            raise GeneratorUnavailable(f"HRDP_GENERATOR_MODEL names {path}, which is not there")
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
        place = self._model
        if path.suffix == ".gguf":
            options["gguf_file"], place = path.name, str(path.parent)
        try:
            tokenizer = AutoTokenizer.from_pretrained(place, **options)
            # Packed weights stay packed, and are computed with in float32 whatever is asked for.
            kind = torch.float32 if path.suffix == ".gguf" else torch.bfloat16
            model: Any = AutoModelForCausalLM.from_pretrained(place, dtype=kind, **options)
        except (OSError, ValueError, ImportError) as error:
            raise GeneratorUnavailable(
                f"the model that HRDP_GENERATOR_MODEL names can't be loaded ({type(error).__name__}): name a folder with a"
                " transformers model, or a GGUF file"
            ) from None
        model.eval()
        self._loaded = tokenizer, model
        return self._loaded
