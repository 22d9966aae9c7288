"""One difference between two versions of a dataset."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from lake_blueprints.contracts.evolution.versions import Bump


@frozen(kw_only=True)
class Change:
    """One difference between two versions of a dataset.

    Parameters
    ----------
    kind: str
        What happened, for instance `column dropped`.
    dataset: str
        Name of the dataset.
    place: str
        Where, in names of the catalog: `flights`, `flights.carrier`, `flights.address.street`.
    text: str
        What was and what is.
    needs: Bump
        The part of the version that it raises at least.
    columns: tuple of str
        The dataset's columns that it is about; none if it is about the whole dataset.
    """

    kind: str
    dataset: str
    place: str
    text: str
    needs: Bump
    columns: tuple[str, ...] = ()

    @property
    def breaking(self) -> bool:
        """Whether consumers of the data have to act."""
        return self.needs is Bump.MAJOR

    def __str__(self) -> str:
        return f"{self.place}: {self.kind}: {self.text}"


@frozen
class Place:
    """A dataset, a column of it or a place inside one; it makes the changes that are there."""

    dataset: str
    columns: tuple[str, ...] = ()
    path: str = ""

    def column(self, name: str) -> Place:
        return Place(self.dataset, (name,), f".{name}")

    def inside(self, path: str) -> Place:
        return Place(self.dataset, self.columns, self.path + path)

    def major(self, kind: str, text: str, columns: Sequence[str] = ()) -> Change:
        return self._change(kind, text, Bump.MAJOR, columns)

    def minor(self, kind: str, text: str, columns: Sequence[str] = ()) -> Change:
        return self._change(kind, text, Bump.MINOR, columns)

    def patch(self, kind: str, text: str) -> Change:
        return self._change(kind, text, Bump.PATCH, ())

    def dropped(self, what: str, text: str, columns: Sequence[str] = ()) -> Change:
        return self.major(f"{what} dropped", text, columns)

    def rule(self, text: str, *, tighter: bool, columns: Sequence[str] = ()) -> Change:
        return self.major("rule tightened", text, columns) if tighter else self.minor("rule loosened", text, columns)

    def _change(self, kind: str, text: str, needs: Bump, columns: Sequence[str]) -> Change:
        return Change(
            kind=kind,
            dataset=self.dataset,
            place=self.dataset + self.path,
            text=text,
            needs=needs,
            columns=tuple(columns) or self.columns,
        )
