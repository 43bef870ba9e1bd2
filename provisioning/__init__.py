"""From blank to installed box: description, plan, apply, serial console.  Decides nothing about calls."""
