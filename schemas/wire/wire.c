/* Nothing yet. */ typedef int wire_not_empty;
