"""The tests: one folder per door or floor, whole journeys in browser/."""
