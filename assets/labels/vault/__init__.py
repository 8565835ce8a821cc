"""The originals of resumes, encrypted under a key a person, so that destroying that key erases what it encrypts."""
