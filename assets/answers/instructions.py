"""Tells sentences that speak to a machine from rules: what stands in a document is data, whatever it asks for."""

import re

_TO_A_MACHINE = re.compile(
    r"""
    \b(?:ignore|disregard|forget|override)\b[^.]{0,40}\b(?:previous|prior|above|earlier|other|all|any)\b[^.]{0,40}
        \b(?:instructions?|prompts?|rules?|passages?|context|messages?|text)\b
    | \byou\s+are\s+(?:now\s+)?(?:an?|the)\s+(?:ai|assistant|chatbot|language\s+model|large\s+language|helpful)\b
    | \b(?:as|dear)\s+(?:an?\s+|the\s+)?(?:ai|language\s+model|chatbot)\b
    | \b(?:system|developer|hidden)\s+(?:prompt|message|instruction)s?\b
    | \b(?:assistants?|chatbots?|language\s+models?|llms?|ais?)\b[^.]{0,30}\b(?:must|should|shall|please|has\s+to|have\s+to)\s+
        (?:now\s+|always\s+|only\s+|instead\s+)*(?:answer|reply|respond|say|tell|state|output|print|write|cite|ignore)\b
    | \b(?:answer|reply|respond)\s+(?:every|all|any|each|only|always|to\s+every)\b[^.]{0,40}\b(?:questions?|prompts?|with)\b
    | <\|?\s*/?\s*(?:system|user|assistant|im_start|im_end|endoftext|start_of_turn|end_of_turn)\s*\|?>
    | ^\s*(?:\#{1,6}\s*)?(?:system|assistant)\s*:
    | \b(?:new|updated|important)\s+instructions?\s*(?::|for\s+(?:the\s+)?(?:ai|assistant|model))
    """,
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)


def addresses_a_machine(text: str) -> bool:
    """Whether a text tries to instruct whoever answers from it. Such a text is never evidence."""
    return _TO_A_MACHINE.search(text) is not None
