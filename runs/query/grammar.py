"""The filter language: text to tree. `nodes.to_text` goes back; docs/filter.md explains it to people."""

from difflib import get_close_matches

from runs.errors import Invalid
from runs.limits import NAME_LENGTH
from runs.query.fields import OF_RUNS, PARTS, SET_BY_SCRIPTS, Field, Source, Words
from runs.query.lexer import (
    END,
    MARK,
    OPERATOR,
    QUOTED,
    WORD,
    About,
    Misread,
    Token,
    composed,
    first_unstorable,
    mistake,
    tokens,
)
from runs.query.literals import check_operator, literal
from runs.query.nodes import And, Compare, Node, Not, NotFinite, Op, Scalar, Value, all_of, any_of, to_text

__all__ = ["parse", "parse_field", "to_text"]

LENGTH, DEPTH, CLAUSES = 8000, 20, 50
# Of programs, which send filters in a body: a list of two thousand ids fits.
MLFLOW_LENGTH, MLFLOW_CLAUSES = 100_000, 100
_KEYWORDS = {"and", "or", "not", "in", "is", "null", "like", "ilike", "contains"}
_PATTERN_WORDS = {"like": Op.LIKE, "ilike": Op.ILIKE, "contains": Op.CONTAINS, "in": Op.IN}
DATASET_KEYS = ("name", "digest", "context")


def parse(text: str, *, mlflow: bool = False, words: Words = OF_RUNS) -> Node | None:
    """The tree of a filter, None for an empty one. Raises Invalid with field "filter" and the position.

    With `mlflow` the few texts that the two languages read differently are read as MLflow does:
    `metrics.loss.min` is the metric "loss.min", a doubled quote stays two, and `created` is the start time. The tags
    of the parent and the user are what a script set, and only without that what the run has itself. An infinity is
    greater or less than every number. `words` are those of what is searched.
    """
    most = MLFLOW_LENGTH if mlflow else LENGTH
    if len(text) > most:
        raise Invalid(
            f"The filter has {len(text):,} characters; at most {most:,} are allowed.",
            field="filter",
            position=most,
        )
    return _Parser(text, mlflow=mlflow, words=words).filter()


def parse_field(text: str, *, mlflow: bool = False, words: Words = OF_RUNS) -> Field:
    """One field, such as `metrics.loss.min`, `tags."my team"` or `created`. Raises Invalid."""
    if len(text) > 2 * NAME_LENGTH + 20:
        raise Invalid(
            f"There is nothing called {text[:40]!r}… to show or sort by.", field="filter", position=0
        )
    parser = _Parser(text, mlflow=mlflow, words=words)
    found = parser.field()
    parser.expect_end()
    return found


class _Parser:
    """Recursive descent; `or` binds weakest, then `and`, then `not`."""

    def __init__(self, text: str, *, mlflow: bool, words: Words) -> None:
        place = first_unstorable(text)
        if place is not None:
            raise mistake(f"The character {text[place]!r} {{place}} cannot be part of any value.", place)
        self.tokens = tokens(composed(text), mlflow=mlflow)
        self.mlflow, self.words = mlflow, words
        self.clauses, self.most = 0, MLFLOW_CLAUSES if mlflow else CLAUSES
        # The tag of MLflow that the last field was named by.
        self.tag = ""
        self.token = next(self.tokens)

    def filter(self) -> Node | None:
        if self.token.kind == END:
            return None
        node = self.any(0)
        self.expect_end()
        return node

    def any(self, depth: int) -> Node:
        items = [self.every(depth)]
        while self.token.keyword == "or":
            self.step()
            items.append(self.every(depth))
        return any_of(items)

    def every(self, depth: int) -> Node:
        node = self.one(depth)
        while self.token.keyword == "and":
            self.step()
            node = all_of([node, self.one(depth)]) or node
        return node

    def one(self, depth: int) -> Node:
        if depth > DEPTH:
            raise mistake(f"The filter is nested deeper than {DEPTH} levels {{place}}.", self.token.start)
        if self.token.keyword == "not":
            self.step()
            return Not(self.one(depth + 1))
        if self.is_mark("("):
            opened = self.step()
            node = self.any(depth + 1)
            if not self.is_mark(")"):
                place = f"at character {opened.start + 1}"
                raise self.surprise(f"the bracket {place} is not closed; expected 'and', 'or' or ')'")
            self.step()
            return node
        return self.comparison()

    def comparison(self) -> Node:
        self.clauses += 1
        if self.clauses > self.most:
            raise mistake(f"The filter has more than {self.most} conditions {{place}}.", self.token.start)
        start, self.tag = self.token.start, ""
        field = self.field()
        at = self.token.start
        op = self.operator(field)
        check_operator(field, op, at)
        found = Compare(field, op, self.value(field, op), start)
        if not self.mlflow:
            return found
        return _set_or_own(found, self.tag) if self.tag in SET_BY_SCRIPTS else _with_infinity(found)

    def operator(self, field: Field) -> Op:
        token = self.token
        if token.kind == OPERATOR:
            self.step()
            return Op(token.text)
        if token.keyword == "is":
            return self.null_test()
        negated = token.keyword == "not"
        if negated:
            self.step()
        found = _PATTERN_WORDS.get(self.token.keyword)
        if found is None or (negated and found is not Op.IN):
            raise self.surprise(
                f"after {field} comes = != < <= > >= IN, NOT IN, LIKE, ILIKE, CONTAINS or IS [NOT] NULL"
            )
        self.step()
        return Op.NOT_IN if negated else found

    def null_test(self) -> Op:
        self.step()
        negated = self.token.keyword == "not"
        if negated:
            self.step()
        if self.token.keyword != "null":
            raise self.surprise("after IS comes NULL or NOT NULL")
        self.step()
        return Op.IS_NOT_NULL if negated else Op.IS_NULL

    def value(self, field: Field, op: Op) -> Value:
        if op in (Op.IS_NULL, Op.IS_NOT_NULL):
            return None
        if op in (Op.IN, Op.NOT_IN):
            return self.list(field, op)
        return self.scalar(field, op)

    def list(self, field: Field, op: Op) -> tuple[Scalar, ...]:
        if not self.is_mark("("):
            raise self.surprise("after IN comes a list in brackets, such as ('a', 'b')")
        values: list[Scalar] = []
        while not values or self.is_mark(","):
            self.step()
            if values and self.is_mark(")"):  # MLflow reads the list as a tuple of Python: ('a',)
                break
            values.append(self.scalar(field, op))
        if not self.is_mark(")"):
            raise self.surprise("in a list comes ',' or ')'")
        self.step()
        return tuple(values)

    def scalar(self, field: Field, op: Op) -> Scalar:
        if self.token.keyword in _KEYWORDS:
            raise self.surprise(f"after {field} {op} comes a value; put a text in quotes")
        value = literal(field, op, self.token, mlflow=self.mlflow)
        self.step()
        return value

    def field(self) -> Field:
        token = self.token
        if token.kind not in (WORD, QUOTED) or token.keyword in _KEYWORDS or token.quote == "'":
            raise self.surprise("here comes a condition, such as status = 'Failed' or metrics.loss < 0.3")
        self.step()
        if token.quote == "`" and self.token.start == token.end and self.token.text.startswith("."):
            rest = self.step()  # MLflow's `metrics`.loss
            token = Token(WORD, token.text + rest.text, token.start, rest.end)
        prefix, dot, key = token.text.partition(".") if token.kind == WORD else ("", "", token.text)
        if not dot:
            return self.attribute(token, key if token.kind == QUOTED else prefix)
        source = self.words.sources.get(prefix.lower())
        if source is None:
            raise unknown(token, token.text, self.words, about=About.SOURCE)
        quoted = not key and self.token.kind == QUOTED and self.token.start == token.end
        place = self.token if quoted else token
        if quoted:
            key = self.step().text
        if source == Source.ATTRIBUTE:
            return self.attribute(token, key)
        if source == Source.TAG and key in self.words.tags and (self.mlflow or not quoted):
            self.tag = key
            return Field(Source.ATTRIBUTE, self.words.tags[key])
        key, part = self.part(source, key, place, quoted=quoted)
        return self.named(source, key, part, place)

    def part(self, source: Source, key: str, place: Token, *, quoted: bool) -> tuple[str, str]:
        """What follows the last dot of a metric's name, where it names a part of the series."""
        if not quoted:
            name, _, part = key.rpartition(".")
            if self.mlflow or source != Source.METRIC or part not in PARTS or not name:
                return key, "last"
            return name, part
        if self.token.kind != WORD or self.token.start != place.end or not self.token.text.startswith("."):
            return key, "last"
        suffix = self.step()
        if source != Source.METRIC or suffix.text[1:] not in PARTS:
            raise mistake(
                f"I did not understand {suffix.text!r} {{place}}: a metric has .{', .'.join(PARTS)}.",
                suffix.start,
            )
        return key, suffix.text[1:]

    def named(self, source: Source, key: str, part: str, token: Token) -> Field:
        if not key or len(key) > NAME_LENGTH:
            raise mistake(
                f"After '{source}.' {{place}} comes a name of 1 to {NAME_LENGTH} characters.", token.start
            )
        if source == Source.DATASET and key not in DATASET_KEYS:
            message = f"A dataset has {', '.join(DATASET_KEYS)}, not {key!r} ({{place}})."
            raise mistake(message, token.start, about=About.DATASET_KEY, text=key)
        return Field(source, key, part)

    def attribute(self, token: Token, name: str) -> Field:
        is_start = self.mlflow and name.lower() == "created"
        found = self.words.attribute("start_time" if is_start else name)
        if found is None:
            raise unknown(token, name, self.words)
        if self.mlflow and found.key == "created_by":
            self.tag = "mlflow.user"
        return found

    def is_mark(self, mark: str) -> bool:
        return self.token.kind == MARK and self.token.text == mark

    def step(self) -> Token:
        token, self.token = self.token, next(self.tokens, self.token)
        return token

    def expect_end(self) -> None:
        if self.token.kind != END:
            raise self.surprise("expected 'and', 'or' or the end")

    def surprise(self, expected: str) -> Misread:
        """The present token is not what can stand here."""
        if self.token.kind == END:
            return mistake(f"The filter ends too early {{place}}: {expected}.", self.token.start)
        return mistake(f"I did not understand {self.token.text!r} {{place}}: {expected}.", self.token.start)


def _set_or_own(own: Compare, tag: str) -> Node:
    """The comparison for the tag that a script may have set, and where it has not, for what the run has itself."""
    named = Field(Source.TAG, tag)
    was_set, unset = Compare(named, own.op, own.value, own.position), Compare(named, Op.IS_NULL)
    return And((unset, own)) if own.op is Op.IS_NULL else any_of([was_set, And((unset, own))])


def _with_infinity(found: Compare) -> Node:
    """The comparison of a metric's order, which for MLflow an infinity fulfils, too."""
    ends = {Op.GT: NotFinite.INFINITY, Op.GE: NotFinite.INFINITY}
    ends |= {Op.LT: NotFinite.MINUS_INFINITY, Op.LE: NotFinite.MINUS_INFINITY}
    if found.field.source != Source.METRIC or found.op not in ends or not isinstance(found.value, float):
        return found
    return any_of([found, Compare(found.field, Op.EQ, ends[found.op], found.position)])


def unknown(token: Token, name: str, words: Words = OF_RUNS, *, about: About = About.ATTRIBUTE) -> Misread:
    """Nothing is called so; with the nearest name where one is near."""
    near = get_close_matches(name.lower(), [*words.attributes, *words.sources], n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"named values begin with {_begin_with(words)}"
    return mistake(f"I did not understand {name!r} {{place}}: {hint}", token.start, about=about, text=name)


def _begin_with(words: Words) -> str:
    if words is not OF_RUNS:
        return f"tags., and there is {', '.join(words.attributes)}."
    return "tags., properties., params. or metrics."
