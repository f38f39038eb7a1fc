// worker.py, carried inside the program so that nothing has to be installed beside it.
#pragma once

namespace freshet::python_worker {

extern const char* const kWorkerScript;

}  // namespace freshet::python_worker
