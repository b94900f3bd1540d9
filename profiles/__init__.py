"""The readiness profiles, shipped in the wheel as `recond.profiles`. Data only."""
