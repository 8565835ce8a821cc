"""Groups that grow: texts by number, joined by pairs, transitively."""

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]


class Components:
    """Which texts are one group so far. A group is named by the smallest number in it."""

    def __init__(self, names: Numbers) -> None:
        """`names`: for each text the smallest number of the group that it is known to be in, itself where it is alone."""
        self.names = names.copy()

    def joined(self, left: Numbers, right: Numbers) -> npt.NDArray[np.bool_]:
        """Whether the texts of each pair are one group."""
        same: npt.NDArray[np.bool_] = self.names[left] == self.names[right]
        return same

    def join(self, left: Numbers, right: Numbers) -> None:
        """Makes one group of the groups of each pair."""
        first, second = self.names[left], self.names[right]
        apart = first != second
        for one, other in np.unique(np.stack([first[apart], second[apart]], axis=1), axis=0).tolist():
            one, other = self._root(one), self._root(other)
            self.names[max(one, other)] = min(one, other)
        self._settle()

    def _root(self, number: int) -> int:
        while self.names[number] != number:
            number = int(self.names[number])
        return number

    def _settle(self) -> None:
        while True:
            above = self.names[self.names]
            if np.array_equal(above, self.names):
                return
            self.names = above
