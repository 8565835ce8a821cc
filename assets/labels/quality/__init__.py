"""What is proved of a dataset before it is published: no leak, enough of each class, nothing personal, sound labels, no drift."""
