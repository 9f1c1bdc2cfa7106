"""What we learn: one module per question, plain dataclasses out."""
