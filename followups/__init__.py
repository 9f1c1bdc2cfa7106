"""What the desk knows: what we remember (models), what people do (actions), what time does (clock), what we learn
(reports).
"""
