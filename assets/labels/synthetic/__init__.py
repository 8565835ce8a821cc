"""The project's own resumes: made up, with every personal item, skill, employer, title and date marked."""
