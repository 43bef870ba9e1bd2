"""From blank box to installed box: site description, plan, apply, serial console.  Decides nothing about calls."""
