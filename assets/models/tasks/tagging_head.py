"""What stands on the encoder for `skills`, in torch: words from tokens, their neighbours, tags that depend on each other.

Imported by what trains only: importing it loads torch.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn.functional import dropout, gelu, pad

from assets.models.tag_chain import TagChain, forbidden_first, forbidden_transitions
from assets.models.words import SHAPES, TAGS, Words

WIDTH = 256


class TaggingHead(torch.nn.Module):
    """Token states become word vectors; those and the words' shapes are read with the words beside them."""

    def __init__(self, dimension: int, kinds: int) -> None:
        super().__init__()
        self.kinds = kinds
        self.normalize = torch.nn.LayerNorm(dimension + SHAPES)
        self.neighbours = torch.nn.Conv1d(dimension + SHAPES, WIDTH, kernel_size=3, padding=1)
        self.tag = torch.nn.Linear(dimension + SHAPES + WIDTH, kinds * len(TAGS))
        self.transitions = torch.nn.Parameter(torch.zeros(kinds, len(TAGS), len(TAGS)))
        self.first = torch.nn.Parameter(torch.zeros(kinds, len(TAGS)))
        self.last = torch.nn.Parameter(torch.zeros(kinds, len(TAGS)))

    def scores(
        self, states: Sequence[torch.Tensor], words: Sequence[Words], shapes: Sequence[np.ndarray], drop: float
    ) -> torch.Tensor:
        """Of the tags of all words, shape (texts, words of the longest, kinds, tags), from each text's token states."""
        device = states[0].device
        tokens = torch.cat(list(states)).float()
        counts = [np.diff([*each.first_tokens, len(own)]) for each, own in zip(words, states, strict=True)]
        count = torch.from_numpy(np.concatenate(counts)).to(device)
        word_of_token = torch.repeat_interleave(torch.arange(len(count), device=device), count)
        summed = torch.zeros(len(count), tokens.shape[1], device=device).index_add(0, word_of_token, tokens)
        own = torch.cat([summed / count[:, None], torch.from_numpy(np.concatenate(list(shapes))).to(device)], -1)
        own = self.normalize(dropout(own, drop))
        longest = max(len(each) for each in counts)
        texts = torch.split(own, [len(each) for each in counts])
        padded = torch.stack([pad(each, (0, 0, 0, longest - len(each))) for each in texts])
        beside = gelu(self.neighbours(padded.transpose(1, 2)).transpose(1, 2).float(), approximate="tanh")
        scores: torch.Tensor = self.tag(torch.cat([padded, dropout(beside, drop)], -1))
        return scores.float().reshape(*scores.shape[:2], self.kinds, len(TAGS))

    def loss(self, scores: torch.Tensor, tags: Sequence[Sequence[Sequence[int]]]) -> torch.Tensor:
        """The negative log-likelihood of all texts' tags, given by text and kind, summed."""
        lengths = torch.tensor([len(each[0]) for each in tags], device=scores.device)
        longest = scores.shape[1]
        wanted = torch.tensor(
            [[[*kind, *[0] * (longest - len(kind))] for kind in each] for each in tags], device=scores.device
        ).transpose(1, 2)
        follows = self.transitions + torch.tensor(forbidden_transitions(), dtype=torch.float32, device=scores.device)
        first = self.first + torch.tensor(forbidden_first(), dtype=torch.float32, device=scores.device)
        kinds = torch.arange(self.kinds, device=scores.device).expand(len(tags), -1)
        own = scores.gather(-1, wanted[..., None])[..., 0]
        whole = first + scores[:, 0]
        chosen = first[kinds, wanted[:, 0]] + own[:, 0]
        for word in range(1, longest):
            there = (word < lengths)[:, None]
            following = (whole[..., None] + follows).logsumexp(-2) + scores[:, word]
            whole = torch.where(there[..., None], following, whole)
            step = follows[kinds, wanted[:, word - 1], wanted[:, word]] + own[:, word]
            chosen = chosen + step * there
        end = wanted.gather(1, (lengths - 1)[:, None, None].expand(-1, 1, self.kinds))[:, 0]
        missed: torch.Tensor = (whole + self.last).logsumexp(-1) - chosen - self.last[kinds, end]
        return missed.sum()

    def chain(self) -> TagChain:
        """How its tags depend on each other."""
        return TagChain(*(each.detach().cpu().numpy() for each in (self.transitions, self.first, self.last)))
