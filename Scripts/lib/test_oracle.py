"""What counts as too late for a killed host's partitions."""

import unittest

from chaoslib import oracle


def kill(at, role="agent-host", **times):
    return {"at": at, "role": role, **times}


class Heirs(unittest.TestCase):
    def test_partitions_that_commit_within_the_limit_are_in_time(self):
        self.assertIs(oracle.heirs([kill(0, granted_ms=1200, recommit_ms=1200 + oracle.HEIRS_LIMIT)]), True)

    def test_a_later_commit_is_too_late(self):
        self.assertIn("3001", oracle.heirs([kill(0, granted_ms=1200, recommit_ms=1201 + oracle.HEIRS_LIMIT)]))

    def test_a_kill_in_between_is_an_excuse_and_one_behind_is_none(self):
        late = kill(0, granted_ms=1000, recommit_ms=9000)
        self.assertIs(oracle.heirs([late, kill(5000, role="recorder")]), True)
        self.assertIsNot(oracle.heirs([late, kill(9500, role="recorder")]), True)

    def test_what_had_nothing_left_to_commit_says_nothing(self):
        self.assertIs(oracle.heirs([kill(0, granted_ms=1000), kill(10, role="coordinator", granted_ms=1)]), True)


if __name__ == "__main__":
    unittest.main()
