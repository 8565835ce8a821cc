"""The wiring: definitions, resources, sensors, schedules, jobs, and the command line. No domain logic."""
