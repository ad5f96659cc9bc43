"""What counts as too late for a killed host's partitions."""

import unittest

from chaoslib import oracle


def kill(at, role="agent-host", **times):
    return {"at": at, "role": role, **times}


class Takeovers(unittest.TestCase):
    def measured(self, kills, grants, outcomes=(), commits=()):
        oracle.measure(kills, grants, list(outcomes), list(commits))
        return kills[0]

    def test_the_slowest_of_the_lost_partitions_counts(self):
        found = self.measured(
            [kill(1000)], [(1100, 1, 7), (1150, 1, 8)], outcomes=[(1200, 1, 7), (5150, 1, 8)],
            commits=[(1300, 1, 7), (6000, 1, 8)])
        self.assertEqual((found["granted_ms"], found["recommit_ms"], found["slowest_ms"]), (100, 300, 4000))

    def test_what_a_partition_did_before_its_lease_and_what_others_do_is_no_sign_of_it(self):
        found = self.measured(
            [kill(1000)], [(1100, 1, 7)], outcomes=[(1050, 1, 7), (1110, 1, 3)], commits=[(1120, 1, 3), (1900, 1, 7)])
        self.assertEqual((found["recommit_ms"], found["slowest_ms"]), (900, 800))

    def test_a_partition_with_nothing_left_in_its_round_says_nothing(self):
        found = self.measured([kill(1000)], [(1100, 1, 7)], commits=[(9000, 2, 7)])
        self.assertEqual(found["granted_ms"], 100)
        self.assertNotIn("slowest_ms", found)

    def test_what_did_not_run_until_its_lease_was_lost_again_has_waited_so_long(self):
        kills = [kill(1000), kill(6000)]
        found = self.measured(kills, [(1100, 1, 7), (6100, 1, 7)], commits=[(6200, 1, 7)])
        self.assertEqual((found["slowest_ms"], kills[1]["slowest_ms"]), (4900, 100))


class Heirs(unittest.TestCase):
    def test_partitions_that_run_within_the_limit_are_in_time(self):
        self.assertIs(oracle.heirs([kill(0, granted_ms=1200, slowest_ms=oracle.HEIRS_LIMIT, slowest_at=4200)]), True)

    def test_a_later_one_is_too_late(self):
        late = kill(0, granted_ms=1200, slowest_ms=1 + oracle.HEIRS_LIMIT, slowest_at=4201)
        self.assertIn("3001", oracle.heirs([late]))

    def test_a_kill_shortly_before_or_in_between_is_an_excuse_and_one_before_or_behind_is_none(self):
        late = kill(10_000, granted_ms=1000, slowest_ms=8000, slowest_at=19_000)
        for at, excused in ((6_900, False), (7_100, True), (15_000, True), (19_500, False)):
            other = kill(at, role="recorder")
            order = sorted([late, other], key=lambda entry: entry["at"])
            self.assertIs(oracle.heirs(order) is True, excused, at)

    def test_a_gateway_that_died_is_no_excuse(self):
        late = kill(10_000, granted_ms=1000, slowest_ms=8000, slowest_at=19_000)
        self.assertIsNot(oracle.heirs([kill(9_000, role="llm-gateway"), late]), True)

    def test_what_had_nothing_left_to_run_says_nothing(self):
        self.assertIs(oracle.heirs([kill(0, granted_ms=1000), kill(10, role="coordinator", granted_ms=1)]), True)


if __name__ == "__main__":
    unittest.main()
