"""Which part of a function an instruction belongs to.

Each instruction belongs to one part, by the source file that its debug information names. Code of the standard library
belongs to the function that it was inlined into, or whose type it is generic over. So the parts add up to the whole."""

import collections
import functools
import pathlib
import re

ROOT = f"{pathlib.Path(__file__).resolve().parents[2]}/"

SDK = "AWS SDK: orchestrator, configuration, retries"
SIGNING = "AWS SDK: signing"
SHA256 = "SHA-256"
ENDPOINT = "AWS SDK: endpoint rules"
SERIALIZATION = "AWS SDK: serialization"
HTTP = "HTTP (hyper), both connections"
TLS = "TLS (rustls, ring)"
RUNTIME = "lambda_runtime"
LOG = "spans and log lines (tracing, record)"
READING = "framework: reading the event"
DECIDING = "framework: deciding and settling"
START = "framework: start and settings"
FILTER = "the filter"
JSON = "JSON (serde)"
TOKIO = "tokio"
ALLOCATOR = "allocator"
MEMORY = "copying and comparing memory"
LIBC = "C library: the rest"
LOADER = "dynamic loader"
STD = "Rust's standard library"
OTHER = "other crates"

# In the order of the table.
PARTS = [
    FILTER, READING, DECIDING, START, LOG, SDK, SIGNING, SHA256, ENDPOINT, SERIALIZATION, HTTP, TLS, RUNTIME, JSON, TOKIO,
    ALLOCATOR, MEMORY, STD, LIBC, LOADER, OTHER,
]

# By the start of the crate's name; the longest that fits counts.
CRATES = {
    "aws-": SDK,
    "aws-sigv4": SIGNING,
    "aws-smithy-http-client": HTTP,
    "aws-smithy-json": SERIALIZATION,
    "aws-smithy-schema": SERIALIZATION,
    "hmac": SIGNING,
    "sha2": SHA256,
    "digest": SHA256,
    "block-buffer": SHA256,
    "hybrid-array": SHA256,
    "crypto-common": SHA256,
    "hyper": HTTP,
    "http": HTTP,
    "h2": HTTP,
    "httparse": HTTP,
    "tower": HTTP,
    "want": HTTP,
    "try-lock": HTTP,
    "httpdate": HTTP,
    "rustls": TLS,
    "ring": TLS,
    "untrusted": TLS,
    "webpki": TLS,
    "tokio-rustls": TLS,
    "subtle": TLS,
    "lambda_runtime": RUNTIME,
    "lambda-extension": RUNTIME,
    "tracing": LOG,
    "sharded-slab": LOG,
    "thread_local": LOG,
    "matchers": LOG,
    "regex": LOG,
    "nu-ansi-term": LOG,
    "time": LOG,
    "serde": JSON,
    "itoa": JSON,
    "ryu": JSON,
    "zmij": JSON,
    "tokio": TOKIO,
    "mio": TOKIO,
    "socket2": TOKIO,
    "futures": TOKIO,
    "signal-hook": TOKIO,
    "parking_lot": TOKIO,
    "slab": TOKIO,
    "bytes": HTTP,
    "pin-project": TOKIO,
    "profanity-filter": FILTER,
}

# By the start of the path in the generated crate of the service, and in the framework.
SERVICE = {"": SDK, "config/endpoint": ENDPOINT, "endpoint_lib": ENDPOINT, "protocol_serde": SERIALIZATION}
FRAMEWORK = {
    "": DECIDING,
    "callback/client/signer": SIGNING,
    "environment": START,
    "event": READING,
    "message": READING,
    "record": LOG,
    "run": START,
    "run/logging": LOG,
    "sdk_config": START,
    "sdk_config/trust_store": TLS,
    "error/one_line": LOG,
}

REGISTRY = re.compile(r"/registry/src/[^/]+/(.+?)-\d+\.\d+[^/]*/(?:src/)?(.*)")
# The first of several names with colons between them is a crate.
FUNCTION = re.compile(r"(?<![:\w])([a-z][a-z0-9_]*)(?:\[[0-9a-f]+\])?::")
STD_CRATES = {"core", "alloc", "std", "hashbrown", "memchr", "compiler_builtins", "rustc_demangle", "addr2line", "gimli", "object"}
ALLOCATING = re.compile(r"malloc|calloc|realloc|free|memalign|unlink_chunk|sysmalloc|systrim|tcache|brk|__rust_alloc|__rust_dealloc")
COPYING = re.compile(r"mem(cpy|move|set|cmp|chr|rchr)|bcmp|str(len|cmp|chr)|bzero")


def longest(table, name):
    fitting = [start for start in table if name.startswith(start)]
    return table[max(fitting, key=len)] if fitting else None


def of_path(path):
    """Returns the part of a source file, or None for the standard library and for unknown ones."""
    if match := REGISTRY.search(path):
        crate, rest = match.groups()
        if crate in STD_CRATES:
            return None
        if crate == "aws-sdk-chimesdkmessaging":
            return longest(SERVICE, rest)
        return longest(CRATES, crate) or OTHER
    path = path.removeprefix(ROOT)
    # What the filter's build script writes is in a folder of that name.
    if path.startswith("examples/profanity-filter/") or "/out/" in path:
        return FILTER
    if path.startswith("src/"):
        return longest(FRAMEWORK, path.removeprefix("src/"))
    # The standard library, the crates in it, the C library, and code without debug information.
    return None


def of_name(function):
    """Returns the part of the first crate in a function's name that is none of the standard library's."""
    for crate in FUNCTION.findall(function):
        if crate in STD_CRATES:
            continue
        if crate == "channel_flow":
            return DECIDING
        if part := longest(CRATES, crate.replace("_", "-")) or longest(CRATES, crate):
            return part
    return None


@functools.cache
def part(obj, function, own_file, file):
    """Returns the part of an instruction."""
    if "/ld-linux" in obj or "/ld-" in obj:
        return LOADER
    if "ring_core" in function:
        return TLS
    if "libc.so" in obj or "libc-" in obj:
        # Names of static functions have suffixes.
        if COPYING.search(function):
            return MEMORY
        return ALLOCATOR if ALLOCATING.search(function) else LIBC
    if ALLOCATING.match(function.rpartition("::")[2]):
        return ALLOCATOR
    if COPYING.match(function):
        return MEMORY
    return of_path(file) or of_path(own_file) or of_name(function) or STD


def by_part(costs):
    parts = collections.Counter()
    for key, instructions in costs.items():
        parts[part(*key)] += instructions
    return parts
