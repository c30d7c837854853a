"""What people say about databases, and what the lessons answered when it was run."""

from workbench.claims.evidence import doubts
from workbench.claims.reading import BrokenClaims, Claim, Verdict, all_claims, claims_of

__all__ = ["BrokenClaims", "Claim", "Verdict", "all_claims", "claims_of", "doubts"]
