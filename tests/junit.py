"""Sums up a JUnit file for tests/run.sh: `passed<TAB>number`, and a line for each test that failed or was skipped."""
import sys
import xml.etree.ElementTree as ElementTree


def state_of(case):
    for kind in ("failure", "error"):
        if case.find(kind) is not None:
            return "failed", ""
    skip = case.find("skipped")
    if skip is not None or case.get("status") in ("notrun", "disabled"):
        return "skipped", skip.get("message", "") if skip is not None else ""
    return "passed", ""


def main(path):
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError) as error:
        print(f"failed\tno result was written: {error}")
        return
    passed = 0
    for case in root.iter("testcase"):
        state, why = state_of(case)
        name = case.get("name", "?")
        if state == "passed":
            passed += 1
        else:
            print(f"{state}\t{name}{': ' if why else ''}{' '.join(why.split())}")
    print(f"passed\t{passed}")


main(sys.argv[1])
