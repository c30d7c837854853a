"""``python -m database_patterns``."""

from database_patterns.cli import main

if __name__ == "__main__":
    main()
