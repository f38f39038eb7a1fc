// worker.py, compiled into the program so that no file needs to be installed.
#pragma once

namespace freshet::python_worker {

extern const char* const kWorkerScript;

}  // namespace freshet::python_worker
