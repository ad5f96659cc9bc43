"""What the figure of mean ratings says of a recording: whom it asks, how samples spread, what it refuses."""

import contextlib
import io
import random
import sqlite3
import statistics
import tempfile
import unittest
from pathlib import Path

import figure_std


def recording(folder, events):
    database = sqlite3.connect(Path(folder) / "recording.sqlite")
    database.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, agent INTEGER, name TEXT, details TEXT)")
    database.executemany("INSERT INTO events (agent, name, details) VALUES (?, ?, ?)", events)
    database.commit()
    database.close()
    return Path(folder)


class RatingsTests(unittest.TestCase):
    def test_ratings_are_those_of_each_agent_in_order(self):
        with tempfile.TemporaryDirectory() as folder:
            run = recording(folder, [
                (7, "rated", '{"rating": 4.5}'), (2, "rated", '{"rating": 1}'), (7, "post", "{}"),
                (7, "rated", '{"rating": 0.5}')])
            self.assertEqual(figure_std.ratings(run), [[1.0], [4.5, 0.5]])

    def test_a_folder_without_a_recording_or_without_ratings_is_refused(self):
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
            with self.assertRaises(SystemExit):
                figure_std.ratings(Path(folder))
            with self.assertRaises(SystemExit):
                figure_std.ratings(recording(folder, [(1, "post", "{}")]))


class RowsTests(unittest.TestCase):
    def setUp(self):
        generator = random.Random(4)
        self.found = [
            [generator.choice(range(1, 11)) / 2 for _ in range(generator.choice((1, 2, 3)))] for _ in range(200)]

    def test_the_same_seed_draws_the_same_samples_whatever_else_is_asked_for(self):
        alone = figure_std.rows(self.found, [10], 50, 3, False)
        together = figure_std.rows(self.found, [5, 10], 50, 3, False)
        self.assertEqual(alone[0], together[1])
        self.assertNotEqual(alone, figure_std.rows(self.found, [10], 50, 4, False))

    def test_a_sample_of_everybody_does_not_spread(self):
        row = figure_std.rows(self.found, [200], 20, 1, False)[0]
        everything = [stars for own in self.found for stars in own]
        self.assertEqual((row["std"], row["expected_std"]), (0, 0))
        self.assertAlmostEqual(row["mean_rating"], statistics.fmean(everything), places=3)

    def test_the_spread_is_what_the_textbook_expects(self):
        for replacement in (False, True):
            for row in figure_std.rows(self.found, [20, 50, 100], 3_000, 2, replacement):
                self.assertLess(abs(row["std"] / row["expected_std"] - 1), 0.08, row)

    def test_more_agents_than_there_are_need_replacement(self):
        with self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()):
            figure_std.rows(self.found, [201], 5, 1, False)
        self.assertEqual(figure_std.rows(self.found, [201], 5, 1, True)[0]["agents"], 201)

    def test_sizes_go_up_to_the_number_of_agents(self):
        sizes = [row["agents"] for row in figure_std.rows(self.found, None, 2, 1, False)]
        self.assertEqual(sizes, [1, 2, 5, 10, 20, 50, 100, 200])

    def test_a_sample_of_one_agent_can_be_drawn_from_one(self):
        row = figure_std.rows([[3.0, 4.0]], None, 5, 1, False)[0]
        self.assertEqual((row["agents"], row["mean_rating"], row["std"]), (1, 3.5, 0))
        figure_std.drawing(figure_std.rows(self.found, None, 5, 1, False))


if __name__ == "__main__":
    unittest.main()
