"""Plots as SVG, of few points and few lines, without any library."""

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 520, 300, 60, 20, 40, 46
COLOURS = [("#1f5f99", "#9bbbd9"), ("#b3541e", "#e3b899"), ("#3d7a3d", "#a9cfa9")]


def save(path, title, x_label, y_label, values, lines):
    """Draws lines over the same values, which stand beside each other at equal distances.

    A line is a name, empty if there is only one, and for each value the lowest, the middle and the highest figure; or None where there is none. The
    range is drawn as a bar.
    """
    top = 1.1 * max(point[2] for _, points in lines for point in points if point)

    def x(i):
        return LEFT + (i + 0.5) * (WIDTH - LEFT - RIGHT) / len(values)

    def y(figure):
        return HEIGHT - BOTTOM - figure * (HEIGHT - TOP - BOTTOM) / top

    svg = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="22" font-size="14">{title}</text>',
    ]
    for i in range(5):
        figure = top * i / 4
        svg.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(figure):.1f}" y2="{y(figure):.1f}" stroke="#ddd"/>')
        svg.append(f'<text x="{LEFT - 6}" y="{y(figure) + 4:.1f}" text-anchor="end">{figure:.1f}</text>')
    for i, value in enumerate(values):
        svg.append(f'<text x="{x(i):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{value:,}</text>')
    for number, (name, points) in enumerate(lines):
        dark, light = COLOURS[number]
        drawn = [(x(i), *point) for i, point in enumerate(points) if point]
        for at, low, middle, high in drawn:
            svg.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{y(low):.1f}" y2="{y(high):.1f}" stroke="{light}" stroke-width="6"/>')
            svg.append(f'<circle cx="{at:.1f}" cy="{y(middle):.1f}" r="4" fill="{dark}"/>')
        way = " ".join(f"{at:.1f},{y(middle):.1f}" for at, _, middle, _ in drawn)
        svg.append(f'<polyline points="{way}" fill="none" stroke="{dark}"/>')
        if name:
            svg.append(f'<text x="{LEFT + 10}" y="{TOP + 16 * number + 8}" fill="{dark}">{name}</text>')
    svg.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">{x_label}</text>')
    svg.append(f'<text x="{LEFT - 6}" y="{TOP - 4}" text-anchor="end">{y_label}</text></svg>')
    path.write_text("\n".join(svg) + "\n")
