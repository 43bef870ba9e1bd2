"""From blank box to installed box: the site file, plan and apply, the serial console.  Decides nothing about calls."""
