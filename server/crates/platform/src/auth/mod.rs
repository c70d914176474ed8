//! Who is asking: passwords, sessions, sign-in, throttling and what a member may do in a workspace.
