"""Every message leaves through here, at the pace each platform allows."""
