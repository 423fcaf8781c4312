"""Reads a file of callgrind: the instructions of each function, and of the code that was inlined into it."""

import collections
import re

NAME = re.compile(r"\((\d+)\)(?: (.*))?$")


def self_costs(path):
    """Returns the instructions by object, function, file of the function, and file of the instruction."""
    names = {"ob": {}, "fl": {}, "fn": {}}
    costs = collections.Counter()
    current = {"ob": "", "fl": "", "fn": "", "at": ""}
    of_a_call = False
    total = None
    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            line = line.rstrip("\n")
            first = line[:1]
            if first.isdigit() or first in "+-*":
                if not of_a_call:
                    parts = line.split()
                    key = current["ob"], current["fn"], current["fl"], current["at"]
                    costs[key] += int(parts[1]) if len(parts) > 1 else 0
                of_a_call = False
            elif line.startswith("calls="):
                # The next line is what was called.
                of_a_call = True
            elif line.startswith("totals:"):
                total = int(line.split()[1])
            elif "=" in line and (match := NAME.match(line.partition("=")[2])):
                field = line.partition("=")[0]
                kind = {"cob": "ob", "cfn": "fn", "cfi": "fl", "cfl": "fl", "fi": "fl", "fe": "fl"}.get(field, field)
                if kind not in names:
                    continue
                number, name = match.groups()
                name = names[kind].setdefault(number, name) if name is not None else names[kind][number]
                if field == "fl":
                    current["fl"] = current["at"] = name
                elif field in ("fi", "fe"):
                    current["at"] = name
                elif field in ("ob", "fn"):
                    current[field] = name
    if total is None or total != sum(costs.values()):
        raise RuntimeError(f"{path}: {sum(costs.values())} instructions read of {total}")
    return costs
