"""Which cells of a table may be published: INSEE's rule for figures on businesses. Pure.

A cell may be published when it has three businesses or more and none of them makes more than 85 %
of it (INSEE, "secret statistique"; law 51-711 of 7 June 1951). Totals are cells as well. Hiding
those cells alone would not do: the rest of a row, taken from its total, tells what is missing. So
more cells are hidden until

* no hidden cell can be worked out by subtraction along rows and columns, however often repeated;
* what is hidden in a line whose total is shown may itself be published, taken together.

The first holds when, in the graph that joins the row and the column of each hidden cell, every edge
lies on a circle: an edge that does not is the one unknown of some sum of lines.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

BUSINESSES_MIN: Final = 3
SHARE_MAX_PERCENT: Final = 85
TOTAL: Final = "*"

Amounts: TypeAlias = tuple[int, ...]  # the figures of one business in one cell
Content: TypeAlias = Mapping[str, Amounts]  # by business
Cell: TypeAlias = tuple[str, str]  # row, column; TOTAL for the sum of a line
Node: TypeAlias = tuple[str, str]  # "row" or "column", and its name


def may_publish(content: Content) -> bool:
    """Whether a cell of these businesses keeps their secrets, in each of its figures."""
    if len(content) < BUSINESSES_MIN:
        return False
    for figures in zip(*content.values(), strict=True):
        sizes = [abs(one) for one in figures]
        if max(sizes) * 100 > sum(sizes) * SHARE_MAX_PERCENT:
            return False
    return True


def with_totals(cells: Mapping[Cell, Content]) -> dict[Cell, Content]:
    """A table with the sums of its rows, of its columns, and of everything."""
    found: dict[Cell, Content] = {}
    for (row, column), content in cells.items():
        for place in ((row, column), (row, TOTAL), (TOTAL, column), (TOTAL, TOTAL)):
            found[place] = merged((found.get(place, {}), content))
    return found


def merged(contents: Iterable[Content]) -> dict[str, Amounts]:
    """Cells taken together: a business that is in several of them counts once."""
    found: dict[str, Amounts] = {}
    for content in contents:
        for business, amounts in content.items():
            before = found.get(business)
            found[business] = amounts if before is None else _sum(before, amounts)
    return found


def hidden_cells(cells: Mapping[Cell, Content]) -> frozenset[Cell]:
    """The cells of a table, totals among them, that must not be published.

    `cells` has what is not empty and no totals; names of rows and columns are never TOTAL.
    """
    table = _Table(with_totals(cells))
    table.hidden |= {place for place, content in table.cells.items() if not may_publish(content)}
    while table.mend_lines() or table.mend_bridges():
        pass
    return frozenset(table.hidden)


@dataclass(slots=True)
class _Table:
    """A table while cells of it are being hidden; more and more of them, so it comes to an end."""

    cells: dict[Cell, Content]
    hidden: set[Cell] = field(default_factory=set)
    costs: dict[Cell, int] = field(init=False)
    lines: dict[Node, list[Cell]] = field(init=False)

    def __post_init__(self) -> None:
        self.costs = {place: _size(content) + 1 for place, content in self.cells.items()}
        self.lines = {}
        for place in sorted(self.cells):
            for node in _ends(place):
                self.lines.setdefault(node, []).append(place)

    def mend_lines(self) -> bool:
        """Hide one more cell in each line that tells too much; whether there was one."""
        before = len(self.hidden)
        for node in sorted(self.lines):
            if self._tells_too_much(node):
                shown = [place for place in self.lines[node] if place not in self.hidden]
                parts = [place for place in shown if place != _total_of(node)] or shown
                self.hidden.add(min(parts, key=lambda place: (self.costs[place], place)))
        return len(self.hidden) > before

    def _tells_too_much(self, node: Node) -> bool:
        total = _total_of(node)
        hidden = [place for place in self.lines[node] if place in self.hidden]
        if not hidden or total in hidden:
            return False
        return not may_publish(merged(self.cells[place] for place in hidden))

    def mend_bridges(self) -> bool:
        """Hide the cheapest circle through each cell that can be worked out; whether one was."""
        wrong = bridges(self.hidden)
        for place in wrong:
            self.hidden.update(self._way_round(place))
        return bool(wrong)

    def _way_round(self, place: Cell) -> list[Cell]:
        """The cells of the cheapest way from a cell's row to its column that is not the cell."""
        start, goal = _ends(place)
        best: dict[Node, int] = {start: 0}
        came: dict[Node, tuple[Node, Cell]] = {}
        queue: list[tuple[int, Node]] = [(0, start)]
        while queue:
            cost, node = heapq.heappop(queue)
            if node == goal:
                break
            if cost > best[node]:
                continue
            for edge in self.lines[node]:
                other = _other_end(edge, node)
                longer = cost + (0 if edge in self.hidden else self.costs[edge])
                if edge != place and longer < best.get(other, longer + 1):
                    best[other] = longer
                    came[other] = (node, edge)
                    heapq.heappush(queue, (longer, other))
        return _walk_back(came, start, goal)


def bridges(hidden: Iterable[Cell]) -> list[Cell]:
    """The hidden cells that can be worked out: those edges that are on no circle (Tarjan)."""
    graph: dict[Node, list[Cell]] = {}
    for place in sorted(hidden):
        for node in _ends(place):
            graph.setdefault(node, []).append(place)
    order: dict[Node, int] = {}
    low: dict[Node, int] = {}
    found: list[Cell] = []
    for root in graph:
        if root not in order:
            found += _bridges_from(root, graph, order, low)
    return found


def _bridges_from(
    root: Node, graph: Mapping[Node, Sequence[Cell]], order: dict[Node, int], low: dict[Node, int]
) -> list[Cell]:
    """Depth first from a node, without recursion: tables are larger than Python's stack."""
    found: list[Cell] = []
    order[root] = low[root] = len(order)
    stack: list[tuple[Node, Cell | None, int]] = [(root, None, 0)]
    while stack:
        node, came_by, index = stack.pop()
        if index < len(graph[node]):
            stack.append((node, came_by, index + 1))
            edge = graph[node][index]
            other = _other_end(edge, node)
            if edge == came_by:
                continue
            if other in order:
                low[node] = min(low[node], order[other])
            else:
                order[other] = low[other] = len(order)
                stack.append((other, edge, 0))
        elif came_by is not None:
            parent = stack[-1][0]
            low[parent] = min(low[parent], low[node])
            if low[node] > order[parent]:
                found.append(came_by)
    return found


def _walk_back(came: Mapping[Node, tuple[Node, Cell]], start: Node, goal: Node) -> list[Cell]:
    way: list[Cell] = []
    node = goal
    while node != start:
        node, edge = came[node]
        way.append(edge)
    return way


def _ends(place: Cell) -> tuple[Node, Node]:
    return ("row", place[0]), ("column", place[1])


def _other_end(edge: Cell, node: Node) -> Node:
    row, column = _ends(edge)
    return column if node == row else row


def _total_of(node: Node) -> Cell:
    kind, name = node
    return (name, TOTAL) if kind == "row" else (TOTAL, name)


def _size(content: Content) -> int:
    return sum(abs(amounts[0]) for amounts in content.values())


def _sum(one: Amounts, other: Amounts) -> Amounts:
    return tuple(a + b for a, b in zip(one, other, strict=True))
