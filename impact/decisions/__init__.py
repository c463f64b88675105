"""The parts of a decision: the rule, what stands against it, money, what would change it, and where it stands."""
