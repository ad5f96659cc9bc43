"""What a soak says of a run: when it stands still, what grows."""

import unittest

from chaoslib import soak


class LivenessTests(unittest.TestCase):
    def test_a_run_that_records_is_alive(self):
        liveness = soak.Liveness(0)
        for second in range(0, 600, 30):
            liveness.note(second, second)
            self.assertIsNone(liveness.problem(second))
        self.assertEqual(liveness.longest, 30)

    def test_a_run_without_new_batches_is_not(self):
        liveness = soak.Liveness(0)
        liveness.note(10, 1)
        for second in range(11, 71):
            liveness.note(second, 1)
            self.assertIsNone(liveness.problem(second))
        liveness.note(71, 1)
        self.assertIn("no new batch for 61 s", liveness.problem(71))

    def test_a_run_that_never_records_is_not(self):
        liveness = soak.Liveness(0)
        liveness.note(61, None)
        self.assertIsNotNone(liveness.problem(61))

    def test_the_time_in_which_a_process_is_stopped_does_not_count(self):
        liveness = soak.Liveness(0)
        liveness.note(0, 1)
        liveness.stopped(50)
        self.assertIsNone(liveness.problem(80))
        liveness.resumed(80)
        self.assertIsNone(liveness.problem(90))
        self.assertIsNotNone(liveness.problem(91))

    def test_batches_while_a_process_is_stopped_count(self):
        liveness = soak.Liveness(0)
        liveness.stopped(0)
        liveness.note(20, 1)
        liveness.resumed(30)
        self.assertEqual(liveness.silence(40), 10)

    def test_a_run_that_ends_early_is_told(self):
        self.assertIn("10.0 of 30 minutes", soak.ended_early(600, 1_800))
        self.assertIsNone(soak.ended_early(1_800, 1_800))


def series(growth, seconds=300, level=50_000_000, descriptors=20):
    """A process that grows by so many bytes a minute once it is warm."""
    return [(at, level + growth * at // 60, descriptors) for at in range(0, seconds + 1, soak.INTERVAL)]


class GrowthTests(unittest.TestCase):
    def roles(self, **growing):
        return soak.report({(role, role, 1, 1): series(growing.get(role, 0)) for role in soak.SLOPE_BYTES})

    def test_what_is_flat_is_in_order(self):
        self.assertEqual(soak.judge(self.roles()), [])

    def test_what_grows_is_told(self):
        wrong = soak.judge(self.roles(recorder=2 * soak.SLOPE_BYTES["recorder"]))
        self.assertEqual(len(wrong), 1)
        self.assertIn("recorder", wrong[0])

    def test_what_is_never_measured_is_told(self):
        roles = soak.report({(role, role, 1, 1): series(0, seconds=soak.WARM_UP) for role in soak.SLOPE_BYTES})
        self.assertEqual(len(soak.judge(roles)), len(soak.SLOPE_BYTES))

    def test_the_growth_of_the_warm_up_does_not_count(self):
        points = [(at, min(at, soak.WARM_UP) * 1_000_000, 20) for at in range(0, 301, soak.INTERVAL)]
        found = soak.report({("recorder", "recorder", 1, 1): points})["recorder"]
        self.assertEqual(found["bytes_per_minute"], 0)
        self.assertEqual(found["most_bytes"], soak.WARM_UP * 1_000_000)

    def test_processes_of_a_role_each_have_a_level_of_their_own(self):
        found = soak.slope([series(600_000, level=10), series(600_000, level=90_000_000)], 1)
        self.assertAlmostEqual(found, 600_000, delta=10)


class KindsTests(unittest.TestCase):
    def test_only_the_roles_that_are_asked_for_have_faults(self):
        self.assertEqual({role for _, role in soak.kinds(["recorder", "llm-gateway"])}, {"recorder", "llm-gateway"})

    def test_roles_without_a_fault_are_refused(self):
        with self.assertRaises(soak.cluster.Failure):
            soak.kinds(["all"])


if __name__ == "__main__":
    unittest.main()
