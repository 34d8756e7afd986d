"""Models and uncertainty estimators, fitted: by fold, by member, in any process."""
