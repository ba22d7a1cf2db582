"""What was measured: for each measure, size, batch and contestant the values of all rounds; and what was answered."""

import json
from statistics import median


class Figures:
    def __init__(self, tell=print):
        self.values = {}
        self.answers = {}
        self.tell = tell

    def add(self, measure, size, contestant, value, batch=0):
        self.values.setdefault((measure, size, batch, contestant), []).append(value)

    def median(self, measure, size, contestant, batch=0):
        """None where it was not measured."""
        values = self.values.get((measure, size, batch, contestant))
        return None if values is None else median(values)

    def ratio(self, measure, size, contestant, other, batch=0, other_measure=None):
        mine = self.median(measure, size, contestant, batch)
        theirs = self.median(other_measure or measure, size, other, batch)
        return None if mine is None or not theirs else mine / theirs

    def answer(self, question, size, contestant, value):
        """What contestants answer to one question at one moment; all must agree, or the race is void."""
        answers = self.answers.setdefault((question, size), {})
        answers[contestant] = value
        if len(set(answers.values())) > 1:
            raise SystemExit(f"the contestants disagree about {question} at {size:,} items: {answers}")

    def sizes(self):
        return sorted({size for _, size, _, _ in self.values})

    def as_json(self, facts):
        values = [{"measure": measure, "size": size, "batch": batch, "contestant": contestant, "values": values}
                  for (measure, size, batch, contestant), values in self.values.items()]
        answers = [{"question": question, "size": size, "answers": answers}
                   for (question, size), answers in self.answers.items()]
        return json.dumps({"facts": facts, "values": values, "answers": answers}, indent=1)
