"""What a candidate is worth on the frozen test split, and the gates that its promotion is weighed by."""
