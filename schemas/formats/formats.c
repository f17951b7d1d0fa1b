/* Nothing yet: the readers of formats/ land file by file. */ typedef int formats_not_empty;
