"""The table of docs/faults.md."""

from typing import Any

TITLES = {
    "kill-training": "`kill -9` of a training, at random moments",
    "kill-checkpoint": "`kill -9` of a training, as it touches its files",
    "kill-dataset": "`kill -9` while a dataset is made",
    "kill-generate": "`kill -9` of bulk generation",
    "bulk": "`kill -9` of a job of 10,000 images",
    "disk-full": "The disk fills up",
    "read-only": "The disk may only be read",
    "truncation": "A file is cut short",
    "bit-flips": "A bit flips in a file",
    "worker-dies": "A process that reads images is killed",
    "clock-jumps": "The clock jumps",
    "out-of-memory": "No memory is left",
}


def table(figures: list[dict[str, Any]]) -> str:
    """Markdown: a row for each kind."""
    rows = ["| fault | tried | survived | data lost | seconds | date |", "|---|---:|---:|---:|---:|---|"]
    for one in figures:
        title = TITLES.get(one["kind"], one["kind"])
        if "skipped" in one:
            rows.append(f"| {title} | – | – | – | – | {one['skipped']} |")
            continue
        numbers = [one[name] for name in ("tried", "survived", "data_lost")]
        cells = [title, *map(str, numbers), f"{one['seconds']:.0f}", one["date"]]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)
