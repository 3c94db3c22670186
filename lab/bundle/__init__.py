"""One folder with all that a venue without network needs: wheels for each learner's machine, and the project itself."""
