"""Opens the generator that the settings name."""

from typing import TYPE_CHECKING

from assets.answers.extracting import Extractor
from assets.answers.model import Generator, GeneratorUnavailable

if TYPE_CHECKING:
    from assets.platform import Settings


def open_generator(settings: "Settings") -> Generator:
    """Cheap: a model is loaded, an address is asked, with the first draft. Raises GeneratorUnavailable."""
    if settings.generator == "extractive":
        return Extractor()
    if settings.generator == "local":
        if not settings.generator_model:
            raise GeneratorUnavailable(
                "HRDP_GENERATOR_MODEL is not set: name a folder with a transformers model, or a GGUF file"
            )
        from assets.answers.local_model import LocalModel

        return LocalModel(settings.generator_model)
    from assets.answers.chat import ChatGenerator

    return ChatGenerator(settings.generator, settings.generator_model, settings.generator_key)
