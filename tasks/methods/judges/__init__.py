"""Language and vision models that are asked which class a row is of: questions, answers, their worth."""
