"""What the figures say of runs: where seconds are counted from, what is compared with what, what a chart refuses."""

import argparse
import contextlib
import io
import tempfile
import unittest
import xml.etree.ElementTree
from pathlib import Path

import chart
import figure_agents
import figure_gpus
import figure_run
import figures


def gpu(first=1.0, last=11.0, busy=9.0, finished=10, **more):
    told = {
        "first_arrival_seconds": first, "last_end_seconds": last, "busy_seconds": busy, "finished": finished,
        "late_seconds": 0.5, "longest_late_seconds": 0.25, "cached_tokens": 300, "prompt_tokens": 400, "steps": 20,
        "sequences_in_steps": 60,
    }
    told.update(more)
    return told


def point(servers, seconds, busy_seconds, **more):
    found = figure_gpus.account([gpu(last=1.0 + seconds, busy=busy_seconds / servers)] * servers)
    found.update(agents=50, rounds=1, calls=100, wall_seconds=1.0, cpu_seconds=1.0, emulator_cpu_seconds=0.1,
                 machine_load_before=0.0, **more)
    return found


def play(agents, cpu, control=100, **processes):
    return {
        "agents": agents, "rounds": 1, "calls": 4 * agents, "cpu_us_per_call": cpu, "round_seconds": 1.0,
        "calls_per_second": 1.0, "cpu_seconds_in_rounds": 1.0, "cpu_seconds_beside": 1.0, "emulator_us_per_call": 1.0,
        "peak_megabytes": 1.0, "by_process": processes, "control_us": control,
        "machine_load_before": 1.0,
    }


class ServersTests(unittest.TestCase):
    def test_time_runs_from_the_first_request_to_the_last_answer_of_any_server(self):
        found = figure_gpus.account([gpu(first=3, last=9), gpu(first=2, last=8)])
        self.assertEqual(found["seconds"], 7)

    def test_a_server_that_was_asked_nothing_counts_as_idle_only(self):
        found = figure_gpus.account([gpu(), gpu(first=0, last=0, busy=0, finished=0, late_seconds=0)])
        self.assertEqual(found["seconds"], 10)
        self.assertAlmostEqual(found["busy"], 0.45)

    def test_servers_that_were_all_asked_nothing_are_an_error(self):
        with self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()):
            figure_gpus.account([gpu(finished=0)])

    def test_shares_are_of_all_servers_together(self):
        found = figure_gpus.account([gpu(), gpu(cached_tokens=0, prompt_tokens=1_200, finished=30, late_seconds=3.5)])
        self.assertAlmostEqual(found["cached"], 300 / 1_600)
        self.assertAlmostEqual(found["late_mean"], 0.1)

    def test_efficiency_is_that_of_the_first_point_shared_out(self):
        table = figure_gpus.rows([point(1, 80, 78), point(8, 12.5, 90)], chain=1)
        self.assertEqual([row["efficiency"] for row in table], [1, 0.8])
        self.assertEqual([row["speedup"] for row in table], [1, 6.4])

    def test_the_first_point_may_have_several_servers(self):
        table = figure_gpus.rows([point(2, 40, 78), point(4, 20, 78)], chain=1)
        self.assertEqual([row["efficiency"] for row in table], [1, 1])

    def test_no_scheduler_is_faster_than_the_work_or_the_longest_chain(self):
        table = figure_gpus.rows([point(1, 80, 78), point(8, 12.5, 90)], chain=11)
        self.assertEqual([row["ideal_seconds"] for row in table], [78, 11])
        self.assertAlmostEqual(table[1]["ideal_efficiency"], 80 / 88, places=3)


class AgentsTests(unittest.TestCase):
    def test_cpu_is_compared_with_that_of_ten_thousand_agents(self):
        table = figure_agents.rows(
            {1_000: [play(1_000, 250)], 10_000: [play(10_000, 200)], 100_000: [play(100_000, 230)]})
        self.assertEqual([row["against_10000"] for row in table], [1.25, 1, 1.15])

    def test_of_several_plays_the_median_counts(self):
        table = figure_agents.rows({10_000: [play(10_000, 900), play(10_000, 200), play(10_000, 210)]})
        self.assertEqual((table[0]["cpu_us_per_call"], table[0]["least_us"], table[0]["most_us"]), (210, 200, 900))

    def test_cpu_is_evened_out_by_what_the_same_work_cost_beside_each_play(self):
        table = figure_agents.rows({10_000: [play(10_000, 200)], 100_000: [play(100_000, 330, control=150)]})
        self.assertEqual([row["cpu_us_even"] for row in table], [200, 220])
        self.assertEqual([row["even_against_10000"] for row in table], [1, 1.1])
        self.assertEqual(table[1]["against_10000"], 1.65)

    def test_a_play_too_short_for_the_control_counts_as_it_is(self):
        table = figure_agents.rows({1_000: [play(1_000, 250, control=0)], 10_000: [play(10_000, 200)]})
        self.assertEqual(table[0]["cpu_us_even"], 250)

    def test_a_process_that_one_point_lacks_cost_nothing_there(self):
        table = figure_agents.rows({1: [play(1, 1, recorder=4.0)], 2: [play(2, 1)]})
        self.assertEqual([row["recorder_us"] for row in table], [4.0, 0])

    def test_points_are_played_in_turn_and_small_ones_more_often(self):
        self.assertEqual(figure_agents.order([1, 10, 100], 1), [1, 1, 1, 1, 10, 10, 100])
        self.assertEqual(figure_agents.order([10, 100], 2), [10, 10, 100, 10, 10, 100])


class SpendingTests(unittest.TestCase):
    samples = [(10, {"a": 1.0}), (20, {"a": 3.0, "b": 1.0}), (30, {"a": 3.0, "b": 2.0})]

    def test_between_samples_the_line_between_them_counts(self):
        self.assertEqual(figure_run.spent_at(self.samples, 15), {"a": 2.0, "b": 0.5})

    def test_before_the_first_and_behind_the_last_sample_those_count(self):
        self.assertEqual(figure_run.spent_at(self.samples, 0), {"a": 1.0})
        self.assertEqual(figure_run.spent_at(self.samples, 99), {"a": 3.0, "b": 2.0})

    def test_what_was_spent_before_does_not_count(self):
        self.assertEqual(figure_run.spent_between(self.samples, 15, 25), {"a": 1.0, "b": 1.0})


class SlownessTests(unittest.TestCase):
    def test_the_control_tells_what_its_piece_of_work_costs(self):
        slowness = figure_run.Slowness(interval=0)
        slowness.start()
        while not slowness.costs:
            pass
        self.assertGreater(slowness.stop(), 0)

    def test_a_control_that_never_worked_says_so(self):
        slowness = figure_run.Slowness(interval=60)
        slowness.start()
        self.assertEqual(slowness.stop(), 0)


class ChartTests(unittest.TestCase):
    def drawn(self, **more):
        return chart.page([dict(
            title="A <title>", x_label="x", y_label="y", lines=[("one", [(1, 10), (8, 2)], False)], **more)])

    def test_a_chart_is_well_formed_whatever_the_words(self):
        root = xml.etree.ElementTree.fromstring(self.drawn(x_places=[1, 8]))
        self.assertIn("A <title>", [entry.text for entry in root.iter("{http://www.w3.org/2000/svg}text")])

    def test_each_point_is_drawn_inside(self):
        root = xml.etree.ElementTree.fromstring(self.drawn(log_y=True))
        circles = list(root.iter("{http://www.w3.org/2000/svg}circle"))
        self.assertEqual(len(circles), 2)
        for circle in circles:
            self.assertTrue(chart.LEFT < float(circle.get("cx")) < chart.WIDTH - chart.RIGHT)
            self.assertTrue(chart.TOP < float(circle.get("cy")) < chart.HEIGHT - chart.BOTTOM)

    def test_more_is_higher_and_further_right(self):
        root = xml.etree.ElementTree.fromstring(self.drawn())
        first, second = root.iter("{http://www.w3.org/2000/svg}circle")
        self.assertLess(float(first.get("cx")), float(second.get("cx")))
        self.assertLess(float(first.get("cy")), float(second.get("cy")))

    def test_names_stand_below_or_above_the_lines(self):
        def height(**more):
            root = xml.etree.ElementTree.fromstring(self.drawn(**more))
            found = [entry for entry in root.iter("{http://www.w3.org/2000/svg}text") if entry.text == "one"]
            return float(found[0].get("y"))
        self.assertLess(height(names_low=False), chart.HEIGHT / 2)
        self.assertGreater(height(), chart.HEIGHT / 2)

    def test_a_logarithmic_axis_refuses_zero(self):
        with self.assertRaises(ValueError):
            chart.Axis([0, 1], 0, 100, True)

    def test_ticks_lie_on_the_axis_and_are_few(self):
        for values, is_logarithmic in (([0.61, 1], False), ([19.8, 145], True), ([1_000, 100_000], True), ([7], False)):
            axis = chart.Axis(values, 0, 100, is_logarithmic)
            ticks = axis.ticks()
            self.assertTrue(1 <= len(ticks) <= 12, (values, ticks))
            self.assertTrue(all(axis.low <= tick <= axis.high for tick in ticks))


class CommandTests(unittest.TestCase):
    def test_numbers_are_sorted_and_each_there_once(self):
        self.assertEqual(figures.numbers("8,1,2"), [1, 2, 8])
        for wrong in ("", "1,,2", "0,1", "2,2", "a"):
            with self.assertRaises(argparse.ArgumentTypeError):
                figures.numbers(wrong)

    def test_wrong_arguments_are_refused(self):
        for wrong in ([], ["time-vs-gpus"], ["time-vs-gpus", "--out", "x", "--speed", "0"],
                      ["time-vs-agents", "--out", "x", "--rounds", "0"]):
            with self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()):
                figures.parse(wrong)

    def test_table_and_drawing_are_written_side_by_side(self):
        table = figure_gpus.rows([point(1, 80, 78), point(8, 12.5, 90)], chain=1)
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            figure_run.write(Path(folder), "name", table, figure_gpus.drawing(table, 50, 1))
            lines = (Path(folder) / "name.csv").read_text().splitlines()
            self.assertEqual(len(lines), 3)
            self.assertTrue(lines[0].startswith("servers,agents,rounds,calls,seconds,speedup,efficiency"))
            xml.etree.ElementTree.parse(Path(folder) / "name.svg")


if __name__ == "__main__":
    unittest.main()
