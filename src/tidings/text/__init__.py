"""Words to SMS and back, pure: alphabets, segments, user data headers."""
