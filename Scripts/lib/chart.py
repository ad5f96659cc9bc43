"""Line charts as SVG, without any package: panels side by side, logarithmic axes where wanted."""

import html
import math

COLOURS = ("#1f5fa8", "#c2571a", "#2f7d4f", "#7a4fa3", "#666666")
WIDTH, HEIGHT = 460, 360
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 40, 56


class Axis:
    """Maps values to places between `start` and `end`."""

    def __init__(self, values, start, end, logarithmic):
        if not values:
            raise ValueError("an axis needs a value")
        if logarithmic and min(values) <= 0:
            raise ValueError("a logarithmic axis takes positive values only")
        self.logarithmic, self.start, self.end = logarithmic, start, end
        if logarithmic:
            self.low, self.high = min(values) / 1.15, max(values) * 1.15
        else:
            self.low, self.high = min(0, *values), max(values) * 1.05 or 1

    def place(self, value):
        low, high, here = (
            (math.log(self.low), math.log(self.high), math.log(value)) if self.logarithmic
            else (self.low, self.high, value))
        return self.start + (here - low) / (high - low) * (self.end - self.start)

    def ticks(self):
        if self.logarithmic:
            powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            steps = (1, 2, 5) if self.high / self.low < 1_000 else (1,)
            places = [step * 10.0**power for power in powers for step in steps]
            return [place for place in places if self.low <= place <= self.high]
        span = self.high - self.low
        step = 10.0 ** math.floor(math.log10(span))
        step = next(part for part in (step / 5, step / 2, step, 2 * step) if span / part <= 6)
        return [number * step for number in range(math.ceil(self.low / step), math.floor(self.high / step) + 1)]


def label(value):
    """A number as people write it on an axis."""
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:g}"


def panel(title, x_label, y_label, lines, x_places=None, log_x=True, log_y=False, names_low=True,
          left=0):
    """One chart. `lines` are (name, points, is_dashed); `x_places` are the ticks of the horizontal axis. The lines'
    names     stand at the right, where the lines leave room: below, or above."""
    points = [point for _, line, _ in lines for point in line]
    across = Axis([x for x, _ in points], left + LEFT, left + WIDTH - RIGHT, log_x)
    up = Axis([y for _, y in points], HEIGHT - BOTTOM, TOP, log_y)
    parts = [text(left + (LEFT + WIDTH - RIGHT) / 2, 20, title, size=14)]
    for tick in up.ticks():
        y = up.place(tick)
        parts.append(f'<path d="M{left + LEFT},{y:.1f}H{left + WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(text(left + LEFT - 6, y + 4, label(tick), anchor="end"))
    for tick in x_places or across.ticks():
        x = across.place(tick)
        parts.append(f'<path d="M{x:.1f},{HEIGHT - BOTTOM}v5" stroke="#333"/>')
        parts.append(text(x, HEIGHT - BOTTOM + 18, label(tick)))
    parts.append(
        f'<path d="M{left + LEFT},{TOP}V{HEIGHT - BOTTOM}H{left + WIDTH - RIGHT}" fill="none" stroke="#333"/>')
    parts.append(text(left + (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 16, x_label))
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(
        f'<g transform="rotate(-90 {left + 16} {middle})">' + text(left + 16, middle, y_label) + "</g>")
    for number, (name, line, is_dashed) in enumerate(lines):
        colour = COLOURS[number % len(COLOURS)]
        places = [(across.place(x), up.place(y)) for x, y in line]
        path = "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in places)
        dashes = ' stroke-dasharray="5 4"' if is_dashed else ""
        parts.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>')
        if not is_dashed:
            parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in places]
        y = (HEIGHT - BOTTOM - 16 * len(lines) if names_low else TOP + 12) + 16 * number
        x = left + WIDTH - RIGHT - 150
        parts.append(f'<path d="M{x},{y - 4}h22" stroke="{colour}" stroke-width="2"{dashes}/>')
        parts.append(text(x + 28, y, name, anchor="start"))
    return "\n".join(parts)


def text(x, y, words, anchor="middle", size=11):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">'
            f"{html.escape(str(words))}</text>")


def page(panels):
    """An SVG document. `panels` are the keyword arguments of `panel`, drawn side by side."""
    width = WIDTH * len(panels)
    drawn = "\n".join(panel(left=WIDTH * number, **entry) for number, entry in enumerate(panels))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" width="{width}" height="{HEIGHT}" '
            f'font-family="sans-serif" fill="#222">\n<rect width="{width}" height="{HEIGHT}" fill="white"/>\n'
            f"{drawn}\n</svg>\n")
