"""Areas that start at different dates: group-time effects, their averages, and inference by reassigning the dates."""
