"""Known transits put into the residuals of a fit and measured again: whether its errors are true."""
