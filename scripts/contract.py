"""Counts what scripts/contract did: calls, answers of 5xx, and each kind of failure with where it was seen first."""

import json
import pathlib
import sys

folder = pathlib.Path(sys.argv[1])


def events(path):
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            for kind, event in json.loads(line).items():
                if kind == "ScenarioFinished":
                    yield event["recorder"]


def count(path):
    calls = broken = written = 0
    failures, statuses = {}, {}
    for recorder in events(path):
        for call in (recorder.get("interactions") or {}).values():
            answer = call.get("response")
            if not answer:
                continue
            calls += 1
            status = answer["status_code"]
            statuses[status] = statuses.get(status, 0) + 1
            broken += status >= 500
            written += call["request"]["method"] != "GET" and status < 300
        for checks in (recorder.get("checks") or {}).values():
            for check in checks:
                failed = check.get("failure_info")
                if failed:
                    failure = failed["failure"]
                    key = (check["name"], failure.get("operation", "?"), failure.get("title", ""))
                    failures.setdefault(key, []).append(failure.get("message", ""))
    return calls, broken, written, failures, statuses


status = 0
totals = {}
for name in ("shape", "others", "reach"):
    path = folder / f"{name}.ndjson"
    if not path.exists():
        print(f"contract: {name} made no report")
        status = 1
        continue
    calls, broken, written, failures, statuses = count(path)
    totals[name] = (calls, broken, len(failures))
    print(f"\n{name}: {calls} calls, {written} writes done, {dict(sorted(statuses.items()))}")
    for (check, operation, title), messages in sorted(failures.items()):
        print(f"  {check}: {operation}: {title} ({len(messages)}x) {messages[0][:300]!r}")
    # A run in which nothing could be written, or nobody came in, proves nothing.
    if not calls or (name == "shape" and not written):
        print(f"contract: {name} did nothing")
        status = 1
    status = status or int(bool(broken or failures))

calls, broken, violations = totals.get("shape", (0, 0, 0))
print(f"\nbar=E-04 calls={calls} server_errors={broken} violations={violations}")
apart = [totals[name] for name in ("others", "reach") if name in totals]
print(f"bar=A-16 calls={sum(one[0] for one in apart)} violations={sum(one[2] for one in apart)}")
sys.exit(status)
