"""The two sides of every limit in the API model, made from the model that botocore ships.

Values are made here and nowhere else, so that the emulator's table can never drift from the model unseen.
"""

import copy
import json
import re
from dataclasses import dataclass
from functools import cache

import botocore.session

SERVICES = ("chime-sdk-messaging", "chime-sdk-identity")

_loaded = botocore.session.get_session()


@cache
def operations():
    """Every operation of both services."""
    models = [_loaded.get_service_model(service) for service in SERVICES]
    return [model.operation_model(name) for model in models for name in model.operation_names]


def operation(name, service=None):
    """The operation of this name; both services have tags."""
    known = (known for known in operations() if known.name == name)
    return next(known for known in known if service in (None, known.service_model.service_name))


# --- Values

_ARN = "arn:aws:chime:us-east-1:123456789012:app-instance/none/"

# For each pattern of the model: a text of a given length that matches it, another one for each position.
_MAKERS = {
    None: lambda length, position: (str(position) + "x" * length)[:length],
    r"[\s\S]*": lambda length, position: (str(position) + "\n" * length)[:length],
    r".*": lambda length, position: (str(position) + "é" * length)[:length],
    r".*\S.*": lambda length, position: (str(position) + " " * length)[:length],
    r"[-_a-zA-Z0-9]*": lambda length, position: (str(position) + "-_" * length)[:length],
    r"[A-Za-z0-9]([A-Za-z0-9\:\-\_\.\@]{0,62}[A-Za-z0-9])?": lambda length, position: (
        str(position) + ":-_.@" * length
    )[: max(length - 1, 0)]
    + ("z" if length > 0 else ""),
    r"arn:[a-z0-9-\.]{1,63}:[a-z0-9-\.]{0,63}:[a-z0-9-\.]{0,63}:[a-z0-9-\.]{0,63}:[^/].{0,1023}": lambda length, position: (
        # All parts but the first and the last may be empty, and long ones are needed for long ARNs.
        "arn:a::::" + "x" * (length - 9)
        if length < len(_ARN) + 4
        else (_ARN + f"{position}" + "é" * length)[:length]
        if length <= 1000
        else ("arn:" + ":".join(["a" * 63] * 4) + f":{position}" + "x" * length)[:length]
    ),
    r"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]*": lambda length, position: (
        str(position) + "\U0001f980\n" * length
    )[:length],
    r"arn:aws:lambda:[a-z]{2}-[a-z]+-\d{1}:\d{12}:function:[a-zA-Z0-9\-_\.]+(:(\$LATEST|[a-zA-Z0-9\-_]+))?": lambda length, position: (
        f"arn:aws:lambda:us-east-1:123456789012:function:f{position}" + "." * length
    )[:length],
    r"arn:aws:lex:[a-z]{2}-[a-z]+-\d{1}:\d{12}:bot-alias/[A-Z0-9]{10}/[A-Z0-9]{10}": lambda length, position: (
        f"arn:aws:lex:us-east-1:123456789012:bot-alias/{position:010}/{position:010}"
    ),
    r"^([A-Za-z]_?)+$": lambda length, position: ("a_" * length)[:length],
}

# Texts that some pattern does not match. None may stand in a header, which is for other tests.
_STRANGERS = ("!", " ", "", "\x07", "a\nb", "a b", "arn:", "ARN:aws:chime:::x", "arn:aws:chime:::/x", "-a", "a-", "arn:aws:s3:::b")


def matches(pattern, text):
    # Python reads \u10000 as \u1000 and a zero.
    pattern = pattern.replace(r"\u10000-\u10FFFF", "\U00010000-\U0010ffff")
    return re.fullmatch(pattern, text) is not None


def text(shape, length, position=0):
    """A text of this length that keeps the pattern, or None where the pattern has none."""
    made = _MAKERS[shape.metadata.get("pattern")](length, position)
    keeps = "pattern" not in shape.metadata or matches(shape.metadata["pattern"], made)
    return made if keeps and len(made) == length else None


def value(shape, position=0):
    """A value that keeps every limit; another one for each position, where that can be."""
    limits = shape.metadata
    match shape.type_name:
        case "string" if "enum" in limits:
            return limits["enum"][0]
        case "string":
            lengths = range(max(limits.get("min", 1), 1), limits.get("max", 100) + 1)
            # Long enough that the position shows.
            made = (text(shape, length, position) for length in (lengths[min(70, len(lengths) - 1)], *lengths))
            return next(filter(None, made))
        case "integer":
            return limits.get("min", 1) + position
        case "boolean":
            return False
        case "timestamp":
            return 1_700_000_000
        case "list":
            return [value(shape.member, at) for at in range(max(limits.get("min", 1), 1))]
        case "map":
            return {value(shape.key): value(shape.value)}
        case "structure":
            # The documentation calls the bearer mandatory where the model does not.
            needed = {*shape.required_members, "ChimeBearer"}
            return {name: value(member, position) for name, member in shape.members.items() if name in needed}


# --- Cases


@dataclass
class Case:
    """One input: `member` is as the limit has it, or just beyond."""

    member: str
    what: str
    keeps: bool
    input: dict

    def __str__(self):
        return f"{self.member} {self.what}"


@dataclass
class _Variant:
    what: str
    keeps: bool
    value: object


_ABSENT = object()


def cases(operation):
    """Every limit of the operation's input, from both sides."""
    shape = operation.input_shape
    base = value(shape)
    for name, member in shape.members.items():
        required = name in shape.required_members
        location = member.serialization.get("location")
        if location == "uri":
            # Without it the path is another one.
            required = False
        for variant in _variants(member, required, location):
            made = copy.deepcopy(base)
            if variant.value is _ABSENT:
                del made[name]
            else:
                made[name] = variant.value
            member_path, _, what = variant.what.rpartition(" is ")
            yield Case(name + member_path, "is " + what, variant.keeps, made)


def _variants(shape, required, location=None):
    if required:
        yield _Variant(" is absent", False, _ABSENT)
        if location is None:
            yield _Variant(" is null", False, None)
    elif location is None:
        yield _Variant(" is null", True, None)
    yield from _types(shape, location)
    yield from {
        "string": _strings,
        "integer": _integers,
        "boolean": _booleans,
        "timestamp": _timestamps,
        "list": _lists,
        "map": _maps,
        "structure": _structures,
    }[shape.type_name](shape, location)


def _types(shape, location):
    """Values of every other type."""
    if location is not None:
        texts = {"integer": ("x", "1.5", ""), "timestamp": ("yesterday", "")}
        for wrong in texts.get(shape.type_name, ()):
            yield _Variant(f" is {wrong!r}", False, wrong)
        return
    kinds = {"string": "text", "integer": 7, "boolean": True, "list": [], "object": {}, "number": 1.5}
    own = {
        "string": ("string",),
        "integer": ("integer",),
        "boolean": ("boolean",),
        "timestamp": ("integer", "number"),
        "list": ("list",),
        "map": ("object",),
        "structure": ("object",),
    }[shape.type_name]
    for kind, wrong in kinds.items():
        if kind not in own:
            yield _Variant(f" is of type {kind}", False, wrong)


def _strings(shape, location):
    limits = shape.metadata
    if "enum" in limits:
        for known in limits["enum"]:
            yield _Variant(f" is {known}", True, known)
        for unknown in ("", limits["enum"][0].lower(), limits["enum"][0] + "X"):
            yield _Variant(f" is {unknown!r}", False, unknown)
        return
    least, most = limits.get("min", 0), limits.get("max")
    # In a path an empty text makes another path, and a header cannot carry every text.
    for length in {least, least + 1} | ({most} if most else set()):
        made = text(shape, length)
        if made is not None and not (location and (made == "" or not _fits(made, location))):
            yield _Variant(f" is at {length} characters", True, made)
    for length in [least - 1] + ([most + 1] if most else []):
        if length > 0 or (length == 0 and location != "uri"):
            made = text(shape, length) or "x" * length
            yield _Variant(f" is of {length} characters", False, made if _fits(made, location) else "x" * length)
    if "pattern" in limits:
        for stranger in _STRANGERS:
            fits = least <= len(stranger) <= (most or len(stranger)) and _fits(stranger, location)
            if fits and stranger and not matches(limits["pattern"], stranger):
                yield _Variant(f" is {stranger!r}", False, stranger)


def _fits(text, location):
    """Whether a text can stand there."""
    return location != "header" or (text.isascii() and text.isprintable() and text == text.strip())


def _integers(shape, location):
    limits = shape.metadata
    for bound, beyond in (("min", -1), ("max", 1)):
        if bound in limits:
            yield _Variant(f" is at {limits[bound]}", True, limits[bound])
            yield _Variant(f" is {limits[bound] + beyond}", False, limits[bound] + beyond)


def _booleans(shape, location):
    yield _Variant(" is true", True, True)
    yield _Variant(" is false", True, False)


def _timestamps(shape, location):
    if location:
        yield _Variant(" is a time", True, "2026-08-14T09:31:02Z")
    else:
        yield _Variant(" is in seconds", True, 1_700_000_000)
        yield _Variant(" is in seconds and parts", True, 1_700_000_000.123)


def _lists(shape, location):
    limits = shape.metadata
    made = lambda length: [value(shape.member, at) for at in range(length)]
    least, most = limits.get("min", 0), limits.get("max")
    yield _Variant(f" is at {least} elements", True, made(least))
    if least:
        yield _Variant(f" is of {least - 1} elements", False, made(least - 1))
    if most:
        yield _Variant(f" is at {most} elements", True, made(most))
        yield _Variant(f" is of {most + 1} elements", False, made(most + 1))
    for variant in _variants(shape.member, True):
        if variant.value is not _ABSENT:
            yield _Variant("[]" + variant.what, variant.keeps, [variant.value])


def _maps(shape, location):
    yield _Variant(" is empty", True, {})
    for variant in _strings(shape.key, None):
        yield _Variant(" key" + variant.what, variant.keeps, {variant.value: value(shape.value)})
    for variant in _variants(shape.value, True):
        if variant.value is not _ABSENT:
            yield _Variant("{}" + variant.what, variant.keeps, {value(shape.key): variant.value})


def _structures(shape, location):
    base = value(shape)
    for name, member in shape.members.items():
        for variant in _variants(member, name in shape.required_members):
            made = copy.deepcopy(base)
            if variant.value is _ABSENT:
                del made[name]
            else:
                made[name] = variant.value
            yield _Variant(f".{name}" + variant.what, variant.keeps, made)


# --- Answers


def breaches(operation, answer):
    """How an answer breaks the model: a list of sentences, empty if it does not."""
    if answer.status < 300:
        return list(_breaches_of_success(operation, answer))
    return list(_breaches_of_error(operation, answer))


# What AWS answers before an operation is known, or who asks, or what. The model of one operation has limits, and no
# exception to say so.
GENERAL = {
    "BadRequestException": 400,
    "UnknownOperationException": 404,
    "InvalidSignatureException": 403,
    "MissingAuthenticationTokenException": 403,
    "UnrecognizedClientException": 403,
}


def _breaches_of_error(operation, answer):
    statuses = {error.name: error.metadata["error"]["httpStatusCode"] for error in operation.error_shapes} | GENERAL
    name = answer.error
    if name not in statuses:
        yield f"{operation.name} does not answer with {name}"
    elif statuses[name] != answer.status:
        yield f"{name} has status {answer.status}"
    body = json.loads(answer.body)
    if set(body) != {"Code", "Message"}:
        yield f"an error's body has {sorted(body)}"
    codes = operation.service_model.shape_for("ErrorCode").metadata["enum"]
    if body.get("Code") not in codes:
        yield f"{body.get('Code')!r} is no ErrorCode"
    if not isinstance(body.get("Message"), str) or not body["Message"]:
        yield "an error without a message"


def _breaches_of_success(operation, answer):
    expected = operation.http.get("responseCode", 200)
    if answer.status != expected:
        yield f"{operation.name} answered with {answer.status}, not {expected}"
    if operation.output_shape is None or not operation.output_shape.members:
        if answer.body not in (b"", b"{}"):
            yield f"{operation.name} answers with nothing"
        return
    if answer.headers.get("content-type") != "application/json":
        yield f"content-type {answer.headers.get('content-type')}"
    yield from _breaches_of_shape(operation.output_shape, json.loads(answer.body), operation.name)


def _breaches_of_shape(shape, given, path):
    limits = shape.metadata
    types = {"string": str, "integer": int, "boolean": bool, "timestamp": (int, float), "list": list}
    expected = types.get(shape.type_name, dict)
    if not isinstance(given, expected) or (isinstance(given, bool) and expected is not bool):
        yield f"{path} is of type {type(given).__name__}, not {shape.type_name}"
        return
    match shape.type_name:
        case "structure":
            for name in given.keys() - shape.members.keys():
                yield f"{path} has {name}, which the model does not know"
            for name in shape.required_members:
                if name not in given:
                    yield f"{path} has no {name}"
            for name, member in shape.members.items():
                if name in given:
                    yield from _breaches_of_shape(member, given[name], f"{path}.{name}")
        case "list":
            for element in given:
                yield from _breaches_of_shape(shape.member, element, f"{path}[]")
        case "map":
            for key, element in given.items():
                yield from _breaches_of_shape(shape.key, key, f"{path} key")
                yield from _breaches_of_shape(shape.value, element, f"{path}{{}}")
        case "string":
            if "enum" in limits and given not in limits["enum"]:
                yield f"{path} is not one of its enum"
            if "pattern" in limits and not matches(limits["pattern"], given):
                yield f"{path} does not match its pattern"
            if not limits.get("min", 0) <= len(given) <= limits.get("max", len(given)):
                yield f"{path} has {len(given)} characters"
