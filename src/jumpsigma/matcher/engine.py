"""A compiled set of rules that is run on events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, assert_never

from jumpsigma.diagnostics import Diagnostic
from jumpsigma.intake import wrapped
from jumpsigma.intake.events import Block, Event, ReadStats, Reject, Source, read_blocks
from jumpsigma.ir.correlations import CorrelationIR
from jumpsigma.ir.nodes import Placeholder, RuleIR, TextPart, Wildcard
from jumpsigma.matcher.correlate import (
    DEFAULT_LIMIT,
    Classes,
    Correlator,
    Ledger,
    LeftOut,
    Match,
    Plan,
)
from jumpsigma.matcher.correlate.payloads import Payloads
from jumpsigma.matcher.findings import (
    Carried,
    Finding,
    finding_of,
    findings_again,
    findings_of,
)
from jumpsigma.matcher.findings import Source as Place
from jumpsigma.matcher.lookups import IndicatorLists, Piece
from jumpsigma.matcher.program import Holding, Program
from jumpsigma.matcher.runtime import MANY, ONE
from jumpsigma.matcher.session import Session
from jumpsigma.prefilter import Candidate, Prefilter, RuleNeeds

#: Fewer events of a block for the same rules are parsed without asking whether they are alike.
_ALIKE: Final = 8
#: So many prefilters are kept, for scans at the same time.
_KEPT: Final = 4
#: The values of a longer list are looked up; those of others are looked for.
_FEW: Final = 500

_NUMBER: Final = itemgetter(0)


class _ValueLists:
    """Lists as the prefilter sees them."""

    def __init__(self, lists: IndicatorLists) -> None:
        self._lists = lists

    def values(self, name: str) -> tuple[str, ...] | None:
        one = self._lists.load(name)
        return tuple(one) if len(one) <= _FEW else None

    def fits(self, parts: Sequence[TextPart]) -> Callable[[str], bool]:
        find = self._lists.text(list(map(_piece, parts)), cased=False, every=False).find
        return lambda text: any(True for _ in find(text))


def _piece(part: TextPart) -> Piece:
    match part:
        case str():
            return part
        case Placeholder(name):
            return (name,)
        case Wildcard.MANY:
            return MANY
        case Wildcard.ONE:
            return ONE
        case _:
            assert_never(part)


class Matcher:
    """Rules in the words of one mapping, ready to run on events. Immutable and thread-safe.

    ``rules`` are those that run on single events, ``correlations`` those that count them;
    ``silent`` has the numbers of those (correlations behind the rules) that give no findings of
    their own, because a correlation speaks for them (S831). ``refused`` says of every other rule
    of the pack why it does not run: an error when it cannot be compiled, an information when it
    does not apply.
    """

    def __init__(
        self,
        rules: Iterable[RuleIR],
        program: Program,
        refused: Iterable[Diagnostic] = (),
        *,
        correlations: Iterable[CorrelationIR] = (),
        silent: Iterable[int] = (),
    ) -> None:
        self.rules = tuple(rules)
        self.correlations = tuple(correlations)
        self.silent = frozenset(silent)
        self.refused = tuple(refused)
        self._program = program
        self._plan = Plan(self.rules, self.correlations, self.silent)
        self.unwraps = any(rule.mapping == wrapped.MAPPING for rule in self.rules)
        self._payloads = Payloads(program, self._plan, unwraps=self.unwraps)
        self._needs = RuleNeeds(self.rules)
        self._prefilters: list[Prefilter] = []

    @property
    def lists(self) -> IndicatorLists:
        """The lists that the placeholders of the rules stand for."""
        return self._program.lists

    @property
    def reporting(self) -> int:
        """How many rules and correlations give findings of their own."""
        return len(self.rules) + len(self.correlations) - len(self.silent)

    def match(self, event: dict[str, Any]) -> list[Finding]:
        """The findings of the single-event rules on one event, in the order of the rules (S701).

        Raises ``TypeError`` for what is no dict: a line that nobody parsed would match nothing,
        and look like a quiet log.
        """
        if not isinstance(event, dict):
            raise TypeError(f"an event is a dict, not {type(event).__name__}; scan() reads lines")
        return self._findings(self._program.holding(event), event, None)

    def scan(
        self,
        source: Source,
        *,
        stats: ReadStats | None = None,
        on_reject: Callable[[Reject], None] | None = None,
        on_problem: Callable[[Diagnostic], None] | None = None,
        on_progress: Callable[[int], None] | None = None,
        every: bool = False,
        limit: int = DEFAULT_LIMIT,
    ) -> Iterator[Finding]:
        """The findings of all events of ``source``, in their order, then those of correlations.

        ``source`` is a path (``-`` for standard input), a binary file, or an iterable of lines.
        What cannot be read is handed to ``on_reject`` (a line) or ``on_problem`` (an input) and
        never ends the scan; ``stats`` counts while it runs, and ``on_progress`` is told of the
        bytes read. Rules for raw Directory Insights events see the raw event where a SIEM has
        wrapped it (S105). More than ``limit`` base matches of correlations go to a temporary file.
        """
        return self.scan_all(
            [source],
            stats=stats,
            on_reject=on_reject,
            on_problem=on_problem,
            on_progress=on_progress,
            every=every,
            limit=limit,
        )

    def scan_all(
        self,
        sources: Iterable[Source],
        *,
        jobs: int = 1,
        stats: ReadStats | None = None,
        on_reject: Callable[[Reject], None] | None = None,
        on_problem: Callable[[Diagnostic], None] | None = None,
        on_progress: Callable[[int], None] | None = None,
        on_start: Callable[[str], None] | None = None,
        every: bool = False,
        limit: int = DEFAULT_LIMIT,
    ) -> Iterator[Finding]:
        """The findings of several sources as of one: correlations run over all of them.

        As :meth:`scan`; ``on_start`` is told of each path before it is read. With ``jobs``, that
        many processes read; the sources must be paths then, and there is no ``on_progress``.
        With ``every``, events are parsed that no rule can be about, so that each line that is no
        event is rejected; otherwise a line is looked at whether it begins and ends like one.
        """
        with self._prefilter() as prefilter, self.correlator(limit) as correlator:
            if jobs > 1:
                from jumpsigma.matcher.parallel import scan_in_processes

                yield from scan_in_processes(
                    self,
                    map(str, sources),
                    jobs,
                    correlator,
                    prefilter,
                    stats=stats if stats is not None else ReadStats(),
                    on_reject=on_reject,
                    on_problem=on_problem,
                    on_start=on_start,
                    every=every,
                )
            else:
                for source in sources:
                    if on_start is not None:
                        on_start(str(source))
                    yield from self.scan_events(
                        source,
                        correlator.add,
                        correlator.left_out,
                        stats=stats,
                        on_reject=on_reject,
                        on_problem=on_problem,
                        on_progress=on_progress,
                        prefilter=prefilter,
                        classes=correlator.classes,
                        every=every,
                    )
            yield from correlator.findings()
            if on_problem is not None:
                for problem in correlator.problems():
                    on_problem(problem)

    def match_all(
        self,
        events: Iterable[dict[str, Any]],
        *,
        on_problem: Callable[[Diagnostic], None] | None = None,
    ) -> list[Finding]:
        """The findings of parsed events, as :meth:`scan` has them; their lines count from 1."""
        with self.correlator() as correlator:
            found: list[Finding] = []
            for line, event in enumerate(events, 1):
                read = Event(event, None, line, b"")
                holding = self._held(read, correlator.add, correlator.left_out)
                found += self._findings(holding, event, Place(None, line))
            found += correlator.findings()
            if on_problem is not None:
                for problem in correlator.problems():
                    on_problem(problem)
        return found

    def correlator(self, limit: int = DEFAULT_LIMIT) -> Correlator:
        """What takes base matches, in any order, and gives the findings of the correlations."""
        return Correlator(self._plan, self._payloads, limit)

    def classes(self, folder: str, limit: int = DEFAULT_LIMIT) -> Classes:
        """What takes base matches in another process, which keeps there what is not read again."""
        ledger = Ledger(limit, folder, decidable=self._plan.decidable)
        return Classes(self._plan, self._payloads, ledger)

    def session(
        self,
        lateness: timedelta = timedelta(0),
        *,
        limit: int = DEFAULT_LIMIT,
        on_problem: Callable[[Diagnostic], None] | None = None,
    ) -> Session:
        """Correlations on a stream: events are fed one by one, findings come as they can.

        An event may come up to ``lateness`` behind later ones. At most ``limit`` base matches
        are held; the oldest go first. ``session.dropped`` counts what took part in nothing, and
        ``on_problem`` is told the first time for each reason.
        """
        return Session(
            self._program.holding,
            lambda holding, event: self._findings(holding, event, None),
            self._plan,
            self._payloads,
            lateness,
            limit=limit,
            on_problem=on_problem,
        )

    def scan_events(
        self,
        source: Source,
        keep: Callable[[Match], None],
        left_out: LeftOut,
        *,
        stats: ReadStats | None = None,
        on_reject: Callable[[Reject], None] | None = None,
        on_problem: Callable[[Diagnostic], None] | None = None,
        on_progress: Callable[[int], None] | None = None,
        prefilter: Prefilter | None = None,
        classes: Classes | None = None,
        every: bool = False,
    ) -> Iterator[Finding]:
        """The findings of single-event rules on one source; base matches go to ``keep``.

        ``prefilter`` is shared by the sources of a scan, ``classes`` takes what only correlations
        could want; ``every`` as for :meth:`scan_all`.
        """
        prefilter = self.prefilter() if prefilter is None else prefilter
        if classes is not None:
            classes.begin(str(source) if isinstance(source, str | Path) else None)
        for item in read_blocks(
            source,
            stats=stats,
            on_reject=on_reject,
            on_problem=on_problem,
            on_progress=on_progress,
            unwrap=self.unwraps,
        ):
            if isinstance(item, Event):
                yield from self.match_read(item, keep, left_out)
            else:
                yield from self.match_block(
                    item, prefilter, keep, left_out, classes=classes, every=every
                )

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_prefilters": []}

    def prefilter(self) -> Prefilter:
        """What tells, for one scan, which events need not be parsed."""
        counted = self.silent - self._plan.open_ended
        return Prefilter(
            self._needs,
            _ValueLists(self.lists),
            wrapped=self.unwraps,
            counted=counted,
            evaluated=self._plan.uses,
        )

    @contextmanager
    def _prefilter(self) -> Iterator[Prefilter]:
        """One for a scan, if there is one that has learned from another scan."""
        try:
            prefilter = self._prefilters.pop()
        except IndexError:
            prefilter = self.prefilter()
        yield prefilter
        if len(self._prefilters) < _KEPT:
            self._prefilters.append(prefilter)

    def match_block(
        self,
        block: Block,
        prefilter: Prefilter,
        keep: Callable[[Match], None],
        left_out: LeftOut,
        *,
        classes: Classes | None = None,
        every: bool = False,
    ) -> Iterator[Finding]:
        """The findings of single-event rules on a block; with ``every``, every event is parsed.

        ``classes`` takes what only correlations could want, without parsing it.
        """
        if not prefilter.wants(block):
            for event in block.events():
                yield from self.match_read(event, keep, left_out)
            return
        settled = prefilter.settled(block)
        every = (every or bool(settled)) and not block.are_objects()
        candidates = prefilter.candidates(block, every=every)
        if classes is not None and self.correlations:
            candidates = self._not_taken(block, candidates, classes, defer=not every)
        if settled:
            yield from self._match_settled(block, candidates, settled, keep, left_out)
            return
        last: int | None = block.number - 1
        try:
            for number, start, end, rules in candidates:
                last = number
                read = block.event(number, start, end)
                if read is not None and rules != ():
                    yield from self.match_read(read, keep, left_out, rules)
            last = None
        finally:
            block.close(last)

    def _match_settled(
        self,
        block: Block,
        candidates: Iterable[Candidate],
        settled: tuple[int, ...],
        keep: Callable[[Match], None],
        left_out: LeftOut,
    ) -> Iterator[Finding]:
        """The same where rules hold on every event that is no candidate for them.

        What is no candidate is an object, and is not parsed.
        """
        path, waiting = block.reading.path, iter(candidates)
        candidate = next(waiting, None)
        besides: dict[tuple[int, ...] | None, tuple[int, ...]] = {None: ()}
        last: int | None = block.number - 1
        try:
            for number, start, end in block.places():
                last = number
                if candidate is None or candidate[0] != number:
                    raw = block.text[start:end]
                    yield from self.findings_again(settled, raw, path=path, line=number)
                    continue
                rules, candidate = candidate[3], next(waiting, None)
                if rules not in besides:
                    besides[rules] = tuple(each for each in settled if each not in (rules or ()))
                read = block.event(number, start, end)
                if read is not None:
                    yield from self.match_read(read, keep, left_out, rules, besides[rules])
            last = None
        finally:
            block.close(last)

    def _not_taken(
        self, block: Block, candidates: list[Candidate], classes: Classes, *, defer: bool
    ) -> list[Candidate]:
        """The candidates that have to be parsed; ``classes`` takes the others."""
        groups: dict[tuple[int, ...] | None, list[Candidate]] = {}
        for candidate in candidates:
            rules = candidate[3]
            if rules in groups:
                groups[rules].append(candidate)
            else:
                groups[rules] = [candidate]
        left: list[Candidate] = []
        for rules, group in groups.items():
            take = None
            if rules and (len(group) >= _ALIKE or self.silent.issuperset(rules)):
                _, start, end, _ = group[0]
                take = classes.taker(rules, block.text[start:end], defer=defer)
            left += group if take is None else take(block, group)
        left.sort(key=_NUMBER)
        return left

    def match_read(
        self,
        event: Event,
        keep: Callable[[Match], None],
        left_out: LeftOut,
        rules: tuple[int, ...] | None = None,
        settled: tuple[int, ...] = (),
    ) -> list[Finding]:
        """The findings of an event that a reader delivered, with its place as their source.

        ``rules`` are the numbers of those that may hold, None for all; the ``settled`` ones hold,
        and no correlation counts them. The event must not change afterwards: what a finding says
        is found out when it is asked for.
        """
        holding = self._held(event, keep, left_out, rules)
        if settled:
            holding.numbers = sorted([*holding.numbers, *settled])
        if not holding.numbers or self.silent.issuperset(holding.numbers):
            return []
        return findings_of(self._program, self.rules, self.silent, holding, event)

    def findings_again(
        self, numbers: tuple[int, ...], raw: bytes, *, path: str | None, line: int
    ) -> list[Finding]:
        """The findings of rules that hold on an event, as another process has found out."""
        event = Carried(self._payloads.read, self._program, numbers, raw, path, line)
        return findings_again(self._program, self.rules, event)

    def _held(
        self,
        event: Event,
        keep: Callable[[Match], None],
        left_out: LeftOut,
        rules: tuple[int, ...] | None = None,
    ) -> Holding:
        """The rules that hold on an event, which correlations are told of."""
        data, program = event.data, self._program
        holding = program.holding(data) if rules is None else program.among(data, rules)
        if not holding.numbers or not self.correlations:
            return holding
        match = self._plan.match(
            holding.numbers, data, left_out, raw=event.raw, path=event.path, line=event.line
        )
        if match is not None:
            keep(match if match.payload else self._payloads.packed(match, data, holding))
        return holding

    def _findings(
        self, holding: Holding, event: dict[str, Any], source: Place | None
    ) -> list[Finding]:
        program = self._program
        return [
            finding_of(
                self.rules[number],
                event,
                source,
                program.matched(number, holding),
                program.indicators(number, holding),
            )
            for number in holding.numbers
            if number not in self.silent
        ]
