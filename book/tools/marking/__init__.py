"""Mark a folder of submissions: `make mark SUBMISSIONS=folder`.

submissions: whose notebook answers which chapter · merge: answers onto the teacher's chapter · needed: which cells the
exercises need · jail: where student code runs · run: the cells, one after the other · score: points and reasons ·
worker: all of that for one submission · grades, feedback: what teacher and student get · __main__: the whole class.
"""
