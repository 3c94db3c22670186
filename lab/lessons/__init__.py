"""One folder a lesson: `lesson.toml`, the text in each language, and where it needs one, a check of its own.

lesson.toml   minutes, what it starts and sends, what it asks, the words of its check
en.md ko.md   the text, its sections in a fixed order (`lab/learn/text.py`)
check.py      `check` and `solve`, for a lesson that neither hides a fault nor changes code
files/        what is laid into the learner's copy besides the changed files of the shop
"""
